import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const REQUEST = requestBytes("/api/1/document/wrap", JSON.stringify(METADATA));

/** Waits for its cue, then connects and sends a request while the main thread stands still. */
const CLIENT = `
  const { connect } = require("node:net");
  const { parentPort, workerData: { port, request, steps } } = require("node:worker_threads");
  let answer = "";
  parentPort.postMessage("ready");
  Atomics.wait(steps, 0, 0);
  const socket = connect(port, "127.0.0.1", () => {
    socket.write(request, () => {
      Atomics.store(steps, 1, 1);
      Atomics.notify(steps, 1);
    });
  });
  socket.on("data", (data) => (answer += data));
  socket.on("error", ({ code }) => (answer ||= code));
  socket.on("close", () => parentPort.postMessage(answer));
`;

describe("the end of listening", () => {
  it("does not take silence for granted while it could not listen", async () => {
    const { origin, server } = await startHttp();
    const client = await SleepingClient.create(Number(new URL(origin).port));
    const clock = stoppedClock();

    // Begun before the end of listening, so that it acts before that looks at the clock.
    const answer = afterSomeTurns(() => {
      clock.advance(20);
      return client.sendWhileNobodyLooks();
    });
    const drained = server.drain(30_000);

    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await drained).toBe(false);
  });
});

async function afterSomeTurns<T>(act: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  return act();
}

/** Time stands still until it is told to go on. */
function stoppedClock(): { advance(ms: number): void } {
  const real = performance.now.bind(performance);
  const stoppedAt = real();
  const clock = vi.spyOn(performance, "now").mockReturnValue(stoppedAt);
  onTestFinished(() => clock.mockRestore());
  return {
    advance(ms) {
      const ahead = stoppedAt + ms - real();
      clock.mockImplementation(() => real() + ahead);
    },
  };
}

class SleepingClient {
  readonly #worker: Worker;
  readonly #steps: Int32Array;

  private constructor(worker: Worker, steps: Int32Array) {
    this.#worker = worker;
    this.#steps = steps;
  }

  static async create(port: number): Promise<SleepingClient> {
    const steps = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(CLIENT, {
      eval: true,
      workerData: { port, request: REQUEST, steps },
    });
    onTestFinished(async () => void (await worker.terminate()));
    await once(worker, "message");
    return new SleepingClient(worker, steps);
  }

  /** Stands still until the request is sent, as when the machine gives its time to others. */
  async sendWhileNobodyLooks(): Promise<string> {
    const answer = once(this.#worker, "message");
    Atomics.store(this.#steps, 0, 1);
    Atomics.notify(this.#steps, 0);
    if (Atomics.wait(this.#steps, 1, 0, 20_000) === "timed-out") {
      throw new Error("nothing was sent");
    }
    const [text] = await answer;
    return String(text);
  }
}
