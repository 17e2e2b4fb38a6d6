import {
  type Metrics,
  type MetricsSnapshot,
  lastingOf,
  mergeSnapshots,
  scrapeMerged,
  updated,
} from "@tenant-security/metrics";
import type { Scrape } from "../http/ports.ts";
import type { WorkerState } from "./calls.ts";
import type { WorkerHandle } from "./worker-handle.ts";

export interface MergedMetricsOptions {
  /** Of the primary itself. */
  readonly own: Metrics;
  readonly workers: () => readonly WorkerHandle[];
  /** Waits until the events have come that a worker had sent when it told its state. */
  readonly caughtUp: (worker: WorkerHandle, state: WorkerState) => Promise<void>;
}

/** Of a worker that takes longer, the gauges are as it last told, the counters as in its mirror. */
const PATIENCE_MS = 1_000;

type Counting = Pick<WorkerHandle, "mirror" | "state">;

/** One answer to a scrape for all processes, also for those that have ended. */
export class MergedMetrics {
  readonly #options: MergedMetricsOptions;
  #ended: MetricsSnapshot = [];
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: MergedMetricsOptions) {
    this.#options = options;
  }

  async scrape(): Promise<Scrape> {
    const { own, workers } = this.#options;
    const asked = workers();
    await Promise.all(asked.map((worker) => this.#update(worker)));
    const ofPrimary = await own.snapshot();
    const [ended, running] = await this.#settled(asked);
    const ofWorkers = running.flatMap(({ state }) => (state === undefined ? [] : [state.metrics]));
    const body = await scrapeMerged([ofPrimary, ended, ...ofWorkers]);
    return { contentType: own.contentType, body };
  }

  /** A worker has ended: what it counted stays counted. */
  keep(worker: Counting): void {
    // Its mirror is read at once.
    const counted = countedBy(worker);
    this.#keeping = this.#keeping.then(async () => {
      this.#ended = await mergeSnapshots([this.#ended, lastingOf(await counted)]);
    });
  }

  /** Those that have ended and those that run, at one moment: nobody is in both or in neither. */
  async #settled(
    asked: readonly WorkerHandle[],
  ): Promise<readonly [MetricsSnapshot, readonly WorkerHandle[]]> {
    for (;;) {
      const keeping = this.#keeping;
      await keeping;
      if (keeping === this.#keeping) return [this.#ended, asked.filter(({ gone }) => !gone)];
    }
  }

  async #update(worker: WorkerHandle): Promise<void> {
    try {
      const state = await worker.link.ask("state", null, PATIENCE_MS);
      worker.state = state;
      await this.#options.caughtUp(worker, state);
    } catch {
      // It ends just now, or its event loop is held up.
      const { lines = 0 } = worker.state ?? {};
      worker.state = { metrics: await countedBy(worker), lines };
    }
  }
}

/** What a worker told, with all that it has counted since; its mirror is read at once. */
async function countedBy({ mirror, state }: Counting): Promise<MetricsSnapshot> {
  const { metrics: told = [] } = state ?? {};
  const mirrored = await mirror?.read();
  return mirrored === undefined ? told : updated(told, mirrored);
}
