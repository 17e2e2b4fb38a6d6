import type { Proxy } from "@tenant-security/testkit";
import { eventually } from "../../support/eventually.ts";
import { metric } from "../../support/metrics.ts";
import { workersOf } from "./processes.ts";

/** A worker that fell before waits for some seconds. */
const PATIENCE_MS = 60_000;

/** Kills workers without looking first, so that nothing happens between an answer and the kill. */
export class Killer {
  readonly #proxy: Proxy;
  readonly #workers: number;
  #pids: readonly number[] = [];
  #killed = 0;

  private constructor(proxy: Proxy, workers: number) {
    this.#proxy = proxy;
    this.#workers = workers;
  }

  static async of(proxy: Proxy, workers: number): Promise<Killer> {
    const killer = new Killer(proxy, workers);
    killer.#pids = await workersOf(proxy, workers);
    return killer;
  }

  /** Kills `count` of them now. */
  strike(count: number): void {
    for (const pid of this.#pids.slice(0, count)) process.kill(pid, "SIGKILL");
    this.#killed += count;
  }

  /** Waits until others serve in the place of those that were killed. */
  async settled(): Promise<void> {
    const { url } = this.#proxy;
    const read = (series: string) => metric(url, series).catch(() => Number.NaN);
    const restarts = () => read("tsp_worker_restarts_total");
    await eventually(restarts, (count) => count === this.#killed, PATIENCE_MS);
    const workers = () => read("tsp_workers");
    await eventually(workers, (count) => count === this.#workers, PATIENCE_MS);
    this.#pids = await workersOf(this.#proxy, this.#workers);
  }
}
