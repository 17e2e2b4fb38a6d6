/**
 * Imported into the process of a server (`node --import`): answers SIGUSR1 with a line on standard
 * error, the longest stretch in milliseconds that its event loop was busy since the last one. In CPU
 * time of its thread: what others on the machine do does not count.
 */
const STEP_MS = 1;

let last = process.threadCpuUsage();
let longest = 0;

const look = (): void => {
  const { user, system } = process.threadCpuUsage(last);
  longest = Math.max(longest, (user + system) / 1_000);
  last = process.threadCpuUsage();
};

setInterval(look, STEP_MS).unref();

process.on("SIGUSR1", () => {
  look();
  process.stderr.write(`${JSON.stringify({ longest })}\n`);
  longest = 0;
});
