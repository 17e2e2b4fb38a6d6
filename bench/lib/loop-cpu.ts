import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

/** Preloaded into a proxy: writes down how long its event loop was kept busy at a stretch. */

/** One line of the file, as JSON. */
export interface LoopSample {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /**
   * The longest stretch since the line before, in milliseconds of CPU time of this thread: what others
   * on the machine do does not count.
   */
  readonly longestMs: number;
}

const BEAT_MS = 1;
const BEATS_PER_LINE = 100;

const file = process.env["BENCH_LOOP_FILE"];
if (file !== undefined && isMainThread) watchLoop(file);

function watchLoop(path: string): void {
  let last = process.threadCpuUsage();
  let longestMs = 0;
  let beats = 0;
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    beats += 1;
    if (beats % BEATS_PER_LINE === 0) {
      const sample: LoopSample = { at: Date.now(), longestMs };
      appendFileSync(path, `${JSON.stringify(sample)}\n`);
      longestMs = 0;
    }
    last = process.threadCpuUsage();
  }, BEAT_MS).unref();
}
