import { isMainThread } from "node:worker_threads";

/**
 * Imported into the process of a server (`node --import`): answers SIGUSR1 with a line on standard
 * error, the longest stretch in milliseconds that its event loop was busy since the last one. That is
 * the CPU time of its thread, so that what others on the machine do does not count, but never more
 * than has passed: the kernel counts CPU time in steps of up to 4 ms.
 */
const STEP_MS = 1;

let last = process.threadCpuUsage();
let lastAt = performance.now();
let longest = 0;

function look(): void {
  const { user, system } = process.threadCpuUsage(last);
  longest = Math.max(longest, Math.min((user + system) / 1_000, performance.now() - lastAt));
  last = process.threadCpuUsage();
  lastAt = performance.now();
}

if (isMainThread) {
  setInterval(look, STEP_MS).unref();

  process.on("SIGUSR1", () => {
    look();
    process.stderr.write(`${JSON.stringify({ longest })}\n`);
    longest = 0;
  });
}
