import { setTimeout as sleep } from "node:timers/promises";
import { type Client, clients } from "./clients.ts";

/** Clients that wrap one key after the other, and know what they got. */
export class Load {
  /** The requests that were answered with a key. */
  readonly rayIds: Set<string> = new Set();
  /** Requests of which nobody knows whether they were served: the connection broke. */
  broken = 0;
  readonly #working: Promise<unknown>;
  #over = false;

  constructor(origin: string, count: number) {
    const all = clients(origin, count).map(({ wrap }) => this.#work(wrap));
    this.#working = Promise.all(all);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#working;
  }

  async #work(wrap: Client["wrap"]): Promise<void> {
    while (!this.#over) {
      try {
        const { status, headers } = await wrap("leased");
        if (status !== 200) throw new Error(`answered with ${status}`);
        this.rayIds.add(String(headers["x-ray-id"]));
      } catch {
        this.broken += 1;
        await sleep(10);
      }
    }
  }
}
