/**
 * Imported into the process of a server (`node --import`): answers SIGUSR1 with a line on standard
 * error, the longest time in milliseconds that its event loop was held up since the last one.
 */
const STEP_MS = 1;

let last = performance.now();
let longest = 0;

const look = (): void => {
  const now = performance.now();
  longest = Math.max(longest, now - last - STEP_MS);
  last = now;
};

setInterval(look, STEP_MS).unref();

process.on("SIGUSR1", () => {
  look();
  process.stderr.write(`${JSON.stringify({ longest })}\n`);
  longest = 0;
});
