import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { curveKeyPair, Pull } from "zeromq";
import { type BindOptions, EventQueue, EventQueueError } from "../src/index.ts";
import { expectExactLedger } from "./ledger.ts";

const LOOPBACK = "tcp://127.0.0.1:0";
const PATIENT = { timeout: 20_000 };

describe("a bound queue", () => {
  it("says which port it got", async () => {
    const queue = await bind();

    expect(queue.endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  it("binds IPv6 addresses", async () => {
    const queue = await bind({ bind: "tcp://[::1]:0" });
    const reader = connectReader(queue, { ipv6: true });
    queue.offer("over IPv6");

    expect(await receive(reader, 1)).toEqual(["over IPv6"]);
  });

  it.for([
    ["without a port", "tcp://127.0.0.1"],
    ["of another machine", "tcp://192.0.2.1:5555"],
    ["of no transport", "pigeon://roof"],
  ] as const)("refuses an endpoint %s", async ([, endpoint]) => {
    await expect(EventQueue.bind({ bind: endpoint })).rejects.toMatchObject({
      name: "EventQueueError",
      code: "BIND_FAILED",
      message: expect.stringContaining(endpoint),
      cause: expect.any(Error),
    });
  });

  it("refuses a port in use, and says so", async () => {
    const { endpoint } = await bind();

    await expect(EventQueue.bind({ bind: endpoint })).rejects.toMatchObject({
      code: "BIND_FAILED",
      message: expect.stringMatching(/in use/),
    });
  });

  it("refuses wrong options before it takes the port", async () => {
    await withFreePort(async (endpoint) => {
      for (const wrong of [{ highWaterMark: 0 }, { capacity: -1 }]) {
        const binding = EventQueue.bind({ bind: endpoint, ...wrong });
        await expect(binding).rejects.toMatchObject({ code: "OPTION_INVALID" });
      }
      expect((await bind({ bind: endpoint })).endpoint).toBe(endpoint);
    });
  });

  it("lets go of the port when it is closed", async () => {
    await withFreePort(async (endpoint) => {
      expect((await bind({ bind: endpoint })).endpoint).toBe(endpoint);
    });
  });
});

describe("an event", () => {
  it("is one frame, text as UTF-8 and bytes as they are", async () => {
    const queue = await bind();
    const reader = connectReader(queue);
    queue.offer("käse €");
    queue.offer("");
    queue.offer(new Uint8Array([0, 255, 10]));
    queue.offer("x".repeat(65_536));

    const frames = [];
    for (let index = 0; index < 4; index += 1) frames.push(await reader.receive());

    expect(frames.map((parts) => parts.length)).toEqual([1, 1, 1, 1]);
    expect(frames.map(([part]) => part)).toEqual([
      Buffer.from("käse €"),
      Buffer.alloc(0),
      Buffer.from([0, 255, 10]),
      Buffer.alloc(65_536, "x"),
    ]);
  });
});

describe("readers", () => {
  it("get what was held while there was none, oldest first", async () => {
    const queue = await bind({ capacity: 100 });
    for (let index = 0; index < 150; index += 1) queue.offer(`event ${index}`);
    await queue.flush(100);
    expect(queue.stats()).toMatchObject({ held: 100, dropped: 50, sent: 0 });

    const received = await receive(connectReader(queue), 100);

    expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `event ${index}`));
    expect(queue.stats()).toMatchObject({ held: 0, dropped: 50, sent: 100 });
    expectExactLedger(queue);
  });

  it("share the stream: each event goes to one of them", async () => {
    const queue = await bind();
    const shares = [collect(connectReader(queue)), collect(connectReader(queue))];
    let next = 0;
    const offering = setInterval(() => queue.offer(`${(next += 1)}`), 1);
    onTestFinished(() => clearInterval(offering));
    await expect.poll(() => shares.every((share) => share.length > 20), PATIENT).toBe(true);
    clearInterval(offering);
    const { accepted } = queue.stats();

    await expect.poll(() => shares.flat().length, PATIENT).toBe(accepted);

    expect(new Set(shares.flat()).size).toBe(accepted);
    expectExactLedger(queue);
  });

  it("that send garbage disturb nobody", async () => {
    const queue = await bind();
    const port = Number(new URL(queue.endpoint).port);
    for (const garbage of ["GET / HTTP/1.1\r\n\r\n", "\xff".repeat(100_000), "\0"]) {
      const socket = connect(port, "127.0.0.1", () => socket.end(garbage, "latin1"));
      socket.on("error", () => {});
      onTestFinished(() => void socket.destroy());
    }
    queue.offer("still here");

    expect(await receive(connectReader(queue), 1)).toEqual(["still here"]);
  });
});

describe("CURVE", () => {
  const server = curveKeyPair();
  const client = curveKeyPair();
  const asClient = { curvePublicKey: client.publicKey, curveSecretKey: client.secretKey };

  it("serves a reader that knows the key", async () => {
    const queue = await bind({ curve: server });
    const reader = connectReader(queue, { ...asClient, curveServerKey: server.publicKey });
    queue.offer("sealed");

    expect(await receive(reader, 1)).toEqual(["sealed"]);
  });

  it.for([
    ["the wrong key", { ...asClient, curveServerKey: client.publicKey }],
    ["no key", {}],
  ] as const)("gives nothing to a reader with %s", async ([, options]) => {
    const queue = await bind({ curve: server });
    const stranger = connectReader(queue, { ...options, receiveTimeout: 500 });
    queue.offer("sealed");

    await expect(stranger.receive()).rejects.toMatchObject({ code: "EAGAIN" });
    expect(queue.stats()).toMatchObject({ held: 1, sent: 0 });

    const reader = connectReader(queue, { ...asClient, curveServerKey: server.publicKey });
    expect(await receive(reader, 1)).toEqual(["sealed"]);
  });

  it.for([
    ["a short key", { ...server, secretKey: "short" }, "curve.secretKey must be 40 characters"],
    ["a key with a blank", { ...server, publicKey: " ".repeat(40) }, "curve.publicKey holds"],
    ["a key beyond 32 bits", { ...server, secretKey: "#".repeat(40) }, "curve.secretKey is not"],
    ["the key of another pair", { ...server, publicKey: client.publicKey }, "does not belong"],
  ] as const)("refuses %s and does not repeat it", async ([, curve, message]) => {
    const binding = EventQueue.bind({ bind: LOOPBACK, curve });

    await expect(binding).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining(message),
    });
    await expect(binding).rejects.not.toMatchObject({
      message: expect.stringContaining(curve.secretKey.trim()),
    });
  });
});

async function bind(options: Partial<BindOptions> = {}): Promise<EventQueue> {
  const queue = await EventQueue.bind({ bind: LOOPBACK, ...options });
  onTestFinished(() => queue.close(0));
  return queue;
}

async function bindAndClose(): Promise<EventQueue> {
  const queue = await bind();
  await queue.close();
  return queue;
}

/** Uses a port that was just let go; with another one when somebody took it in between. */
async function withFreePort(use: (endpoint: string) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { endpoint } = await bindAndClose();
    try {
      await use(endpoint);
      return;
    } catch (error) {
      const taken = EventQueueError.is(error) && error.code === "BIND_FAILED";
      if (!taken || attempt === 5) throw error;
    }
  }
}

function connectReader(queue: EventQueue, options: object = {}): Pull {
  const reader = new Pull({ receiveTimeout: 20_000, linger: 0, ...options });
  reader.connect(queue.endpoint);
  onTestFinished(() => reader.close());
  return reader;
}

/** Everything the reader gets from now on. */
function collect(reader: Pull): string[] {
  const received: string[] = [];
  void (async () => {
    for await (const [frame] of reader) received.push(String(frame));
  })();
  return received;
}

async function receive(reader: Pull, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) received.push(...(await reader.receive()).map(String));
  return received;
}
