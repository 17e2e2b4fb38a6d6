import { EventQueue } from "@tenant-security/event-queue";
import { Program } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { curveKeyPair, Push } from "zeromq";
import { callerParts, serializeEvent } from "../../src/events/event.ts";
import { aCall } from "../events/helpers.ts";
import { aFolder } from "./world.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("events tail", () => {
  it("shows events as they arrive, until it is told to end", async () => {
    const { send, endpoint } = await aSource();
    const program = tail(["--connect", endpoint]);

    await send(anEvent("acme"), anEvent("globex"));
    await program.until(() => program.stdout.includes("globex") || undefined);
    const { code } = await program.stop("SIGINT");

    expect(code).toBe(0);
    expect(program.stdout.split("\n")).toEqual([
      expect.stringMatching(/ {2}acme {2}DATA_ENCRYPT {2}by user-17 /),
      expect.stringMatching(/ {2}globex {2}DATA_ENCRYPT {2}by user-17 /),
      "",
    ]);
    expect(program.stderr).toContain("2 events read.");
  });

  it("shows one tenant's events as JSON, and nothing else on standard output", async () => {
    const { send, endpoint } = await aSource();
    const program = tail(["--connect", endpoint, "--tenant", "acme", "--json"]);

    await send(anEvent("globex"), anEvent("acme"));
    await program.until(() => program.stdout.includes("acme") || undefined);
    await program.stop("SIGTERM");

    expect(program.stdout).toBe(`${anEvent("acme")}\n`);
    expect(program.stderr).toContain("2 events read.");
  });

  it("ends when nobody reads what it shows, as in a pipe to head", async () => {
    const { send, endpoint } = await aSource();
    const program = tail(["--connect", endpoint]);
    await send(anEvent("acme"));
    await program.until(() => program.stdout.includes("acme") || undefined);

    program.process.stdout?.destroy();
    await send(anEvent("acme"), anEvent("acme"));

    expect((await program.exited).code).toBe(0);
  });

  it("ends in order while more events come than it can show", async () => {
    const { send, endpoint } = await aSource();
    const flood = Array.from({ length: 1_000 }, () => anEvent("acme"));
    const program = tail(["--connect", endpoint]);
    const sending = (async () => {
      while (program.running) await send(...flood);
    })();
    // What is left has no reader when the test is over and its socket is closed.
    sending.catch(() => {});

    await program.until(() => program.stdout.length > 100_000 || undefined);
    program.signal("SIGINT");

    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr).toMatch(/\n\d+ events read\.\n$/);
  });

  it("says that it takes events away from other readers", async () => {
    const { endpoint } = await aSource();
    const program = tail(["--connect", endpoint]);

    await program.until(() => program.stderr.includes("\n") || undefined);

    expect(program.stderr).toContain(endpoint);
    expect(program.stderr).toContain("taken away from the stream's other readers");
    expect((await program.stop("SIGINT")).code).toBe(0);
  });

  it("reads an encrypted stream with the proxy's public key, and nothing with another", async () => {
    const keys = curveKeyPair();
    const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0", curve: keys });
    onTestFinished(() => queue.close(100));
    const folder = aFolder();
    const right = folder.write("right.key", `${keys.publicKey}\n`);
    const wrong = folder.write("wrong.key", curveKeyPair().publicKey);
    const outsider = tail(["--connect", queue.endpoint, "--server-key", wrong]);
    await outsider.until(() => outsider.stderr.includes("Reading") || undefined);

    queue.offer(anEvent("acme"));
    const reader = tail(["--connect", queue.endpoint, "--server-key", right]);
    await reader.until(() => reader.stdout.includes("acme") || undefined);

    expect(outsider.stdout).toBe("");
  });

  it.for([
    ["an endpoint that is none", ["--connect", "nonsense"]],
    ["a key file that is not there", ["--server-key", "/nonexistent/key"]],
    ["a key file that holds no key", ["--server-key", import.meta.filename]],
  ] as const)("gives up in one line for %s", async ([, args]) => {
    const program = tail(args);

    expect((await program.exited).code).toBe(78);
    expect(program.stderr).toMatch(/^tenant-security-proxy: cannot read events from [^\n]+\n$/);
  });
});

/** A stream as the proxy offers it. */
async function aSource() {
  const socket = new Push({ linger: 0, sendTimeout: 30_000 });
  onTestFinished(() => socket.close());
  await socket.bind("tcp://127.0.0.1:0");
  const send = async (...events: readonly string[]): Promise<void> => {
    for (const event of events) await socket.send(event);
  };
  return { send, endpoint: socket.lastEndpoint ?? "" };
}

function tail(args: readonly string[]): Program {
  const program = new Program(["events", "tail", ...args]);
  onTestFinished(async () => {
    await program.stop("SIGKILL");
  });
  return program;
}

function anEvent(tenantId: string): string {
  const details = { name: "DATA_ENCRYPT", tenantId, timestamp: "2026-03-01T12:30:00.125Z" };
  return serializeEvent(callerParts(aCall()), details);
}
