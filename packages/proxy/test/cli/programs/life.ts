// A process with a service that stops as the test wants it: `life.ts HOW STOP_MS DEADLINE_MS`.
import { setTimeout as sleep } from "node:timers/promises";
import { followSignals } from "../../../src/cli/lifecycle.ts";

const [how = "", stopMs = "0", deadlineMs = "0"] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

followSignals({
  stop: async () => {
    await sleep(Number(stopMs));
    say("stopped");
    return { cut: how === "cut" };
  },
  onStop: (reason) => say(`stop: ${reason}`),
  onError: (error) => say(`error: ${error instanceof Error ? error.message : String(error)}`),
  flush: () => say("flushed"),
  deadlineMs: Number(deadlineMs),
});

// Keeps the process alive, as an open port does.
setInterval(() => {}, 60_000);
say("running");
if (how === "throws") setTimeout(() => throwUnexpected(), 10);
if (how === "rejects") void Promise.reject(new Error("nobody caught this"));

function throwUnexpected(): never {
  throw new Error("nobody caught this");
}
