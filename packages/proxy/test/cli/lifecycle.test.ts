import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const PROGRAM = fileURLToPath(new URL("./programs/life.ts", import.meta.url));

describe("a process that follows signals", () => {
  it.for(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const)(
    "stops in order at %s and exits with 0",
    async (signal) => {
      const life = await aLife("well");
      life.child.kill(signal);

      expect(await life.ended()).toEqual([0, ["running", `stop: ${signal}`, "stopped", "flushed"]]);
    },
  );

  it("exits with 1 when something was cut off", async () => {
    const life = await aLife("cut");
    life.child.kill("SIGTERM");

    expect((await life.ended())[0]).toBe(1);
  });

  it.for([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("leaves at once with a second %s", async ([signal, code]) => {
    const life = await aLife("well", { stopMs: 300_000 });
    life.child.kill("SIGTERM");
    await life.said("stop: SIGTERM");
    life.child.kill(signal);

    expect(await life.ended()).toEqual([code, ["running", "stop: SIGTERM", "flushed"]]);
  });

  it("gives up a stop that hangs, with exit code 1", async () => {
    const life = await aLife("well", { stopMs: 300_000, deadlineMs: 200 });
    life.child.kill("SIGTERM");

    expect(await life.ended()).toEqual([1, ["running", "stop: SIGTERM", "flushed"]]);
  });

  it.for(["throws", "rejects"])("stops in order and exits with 70 when it %s", async (how) => {
    const life = await aLife(how);

    expect(await life.ended()).toEqual([
      70,
      ["running", "error: nobody caught this", "stopped", "flushed"],
    ]);
  });

  it("opens no debugger at SIGUSR1, and goes on", async () => {
    const life = await aLife("well");
    life.child.kill("SIGUSR1");
    await sleep(500);
    life.child.kill("SIGTERM");

    expect((await life.ended())[0]).toBe(0);
    expect(life.errors()).toBe("");
  });

  it("stops in order when the process that started it is gone", async () => {
    const life = await aLife("well");
    life.child.disconnect();

    expect(await life.ended()).toEqual([0, ["running", "stop: parent gone", "stopped", "flushed"]]);
  });
});

/** The program with a stop that takes this long, and its deadline. */
async function aLife(how: string, { stopMs = 0, deadlineMs = 60_000 } = {}) {
  const child = fork(PROGRAM, [how, String(stopMs), String(deadlineMs)], {
    execArgv: ["--conditions=@tenant-security/source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (data: string) => (text += data));
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (data: string) => (errors += data));
  // Not "close": that does not come for a child whose channel we have closed.
  const closed = Promise.all([once(child, "exit"), child.stdout && once(child.stdout, "end")]);
  const lines = () => text.split("\n").filter((line) => line !== "");
  const said = (line: string) => vi.waitUntil(() => lines().includes(line), { timeout: 20_000 });
  await said("running");
  return { child, said, errors: () => errors, ended: () => ended(child, closed, lines) };
}

async function ended(child: ChildProcess, closed: Promise<unknown>, lines: () => string[]) {
  await closed;
  return [child.exitCode, lines()] as const;
}
