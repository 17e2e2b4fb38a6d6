import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SetupError } from "./setup-error.mjs";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Ctrl-C reaches this process from the terminal and once more from npm; both are one wish. */
const SAME_WISH_MS = 500;

const COMMAND_NOT_FOUND = 127;

/**
 * Runs a program to its end and gives its exit code (128 + n for a signal) and, when asked to
 * `capture`, what it said. Whatever is asked of this process is asked of the program, once, and
 * nothing of it stays behind.
 */
export function runChild(program, args, { cwd, env, capture = false, tether = false }) {
  const output = capture ? ["ignore", "pipe", "pipe"] : ["inherit", "inherit", "inherit"];
  const child = spawn(program, args, {
    cwd,
    env,
    // A process group of its own: otherwise the terminal's Ctrl-C would reach the program directly
    // and through us, and a second signal means "leave at once".
    detached: true,
    // A channel that breaks tells the program when this process was killed.
    stdio: tether ? [...output, "ipc"] : output,
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => said.push(data));
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once("error", ({ message }) => reject(new SetupError(message, COMMAND_NOT_FOUND)));
    child.once(capture ? "close" : "exit", (code, signal) => {
      const exitCode = code ?? 128 + constants.signals[signal];
      resolve({ exitCode, output: Buffer.concat(said).toString() });
    });
  }).finally(stopForwarding);
}

function forwardSignals(child) {
  let last = 0;
  const forward = (signal) => {
    const now = Date.now();
    if (now - last < SAME_WISH_MS) return;
    last = now;
    signalGroup(child, signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const watch = watchParent(() => forward("SIGTERM"));
  return () => {
    clearInterval(watch);
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

/** npm that was killed forwards nothing; its absence says it. */
function watchParent(gone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    gone();
  }, 1_000);
  return watch;
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group is gone already, or was never there.
    if (error.code !== "ESRCH" && child.pid !== undefined) throw error;
  }
}
