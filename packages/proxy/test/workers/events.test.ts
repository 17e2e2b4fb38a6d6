import { EventQueue, type Sender } from "@tenant-security/event-queue";
import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Room } from "../../src/workers/calls.ts";
import { EventIntake } from "../../src/workers/event-intake.ts";
import { EventRelay } from "../../src/workers/event-relay.ts";

const EVENT = JSON.stringify({ tenantId: "acme", text: "x".repeat(50) });
const ROOMY = 64 * 1_024;

/** Takes nothing: what is queued stays queued. */
const NOBODY: Sender = {
  send: () => Promise.reject(Object.assign(new Error("no reader"), { code: "EAGAIN" })),
  close() {},
};

function world({ capacity = 100, required = false, workers = 2 } = {}) {
  const queue = new EventQueue(NOBODY, { capacity });
  const relays: EventRelay[] = [];
  const intake = new EventIntake({
    queue,
    onFull: (full) => {
      for (const relay of relays) relay.setQueueFull(full);
    },
  });
  onTestFinished(async () => {
    intake.close();
    await queue.close(0);
  });
  for (let count = 0; count < workers; count += 1) {
    const pipe = new PassThrough();
    const source = intake.follow(pipe);
    const askRoom = async (wanted: Room): Promise<Room> => intake.grant(source, wanted);
    relays.push(new EventRelay({ pipe, required, askRoom }));
  }
  return { queue, relays, intake };
}

const nothing = async (): Promise<Room> => ({ events: 0, bytes: 0 });

const room = (events: number): Room => ({ events, bytes: events * EVENT.length });

describe("events of several workers", () => {
  it("all come into the one queue, and are in its ledger", async () => {
    const { queue, relays } = world();

    for (const relay of relays) for (let each = 0; each < 10; each += 1) relay.offer(EVENT);

    await expect.poll(() => queue.stats()).toMatchObject({ accepted: 20, held: 20, dropped: 0 });
  });

  it("are counted as dropped beyond the capacity of the queue, whoever made them", async () => {
    const { queue, relays } = world({ capacity: 15 });

    for (const relay of relays) for (let each = 0; each < 10; each += 1) relay.offer(EVENT);

    await expect.poll(() => queue.stats()).toMatchObject({ accepted: 20, held: 15, dropped: 5 });
  });

  it("are not even made while the queue is full, and still counted", async () => {
    const { queue, relays } = world({ capacity: 1 });
    relays[0]!.offer(EVENT);
    await expect.poll(() => relays[1]!.full).toBe(true);

    for (let each = 0; each < 7; each += 1) relays[1]!.miss();

    await expect.poll(() => queue.stats()).toMatchObject({ accepted: 8, held: 1, dropped: 7 });
  });

  it("are known to have come once as many lines are there as were written", async () => {
    const { queue, relays, intake } = world({ workers: 0 });
    const pipe = new PassThrough();
    const source = intake.follow(pipe);
    const relay = new EventRelay({ pipe, required: false, askRoom: nothing });
    relay.offer(EVENT);
    relay.miss();
    relay.flush();

    await intake.caughtUp(source, relay.written, 5_000);

    expect(queue.stats().accepted).toBe(2);
    expect(relays).toEqual([]);
  });
});

describe("events that are required", () => {
  it("have their room before an operation begins", async () => {
    const { relays } = world({ required: true });
    expect(relays[0]!.tryOffer(EVENT)).toBe(false);

    await relays[0]!.reserve(room(1))?.ready;

    expect(relays[0]!.tryOffer(EVENT)).toBe(true);
  });

  it("need no further question while there is room left of the last one", async () => {
    const { relays } = world({ capacity: 1_000, required: true });
    await relays[0]!.reserve(room(1))?.ready;

    expect(relays[0]!.reserve(room(2))).toMatchObject({ ready: undefined });
  });

  it("never get more room than the queue has, however many workers ask", async () => {
    const { queue, relays } = world({ capacity: 25, required: true, workers: 4 });
    let taken = 0;

    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        relays.map(async (relay) => {
          const reservation = relay.reserve(room(3));
          await reservation?.ready;
          for (let each = 0; each < 3; each += 1) taken += Number(relay.tryOffer(EVENT));
          reservation?.release();
          relay.giveRoomBack();
        }),
      );
    }

    expect(taken).toBeLessThanOrEqual(25);
    await expect.poll(() => queue.stats()).toMatchObject({ accepted: taken, dropped: 0 });
  });

  it("leave a worker without room when there is none, and no operation waiting", async () => {
    const { relays } = world({ capacity: 2, required: true });
    await relays[0]!.reserve(room(2))?.ready;

    await relays[1]!.reserve(room(1))?.ready;

    expect(relays[1]!.full).toBe(true);
    expect(relays[1]!.tryOffer(EVENT)).toBe(false);
  });

  it("have room of their own, however many operations are under way", async () => {
    const { relays } = world({ capacity: 1_000, required: true });
    const [relay] = relays;
    const operations = Array.from({ length: 400 }, () => relay!.reserve(room(2)));

    await Promise.all(operations.map(async (operation) => operation?.ready));

    for (let each = 0; each < 800; each += 1) expect(relay!.tryOffer(EVENT)).toBe(true);
  });

  it("keep their room while others ask for what is not needed", async () => {
    const { relays } = world({ capacity: 100, required: true });
    const operation = relays[0]!.reserve(room(2));
    await operation?.ready;

    expect(relays[0]!.giveRoomBack().events).toBe(98);
    operation?.release();

    expect(relays[0]!.giveRoomBack().events).toBe(2);
  });

  it("use room that was granted late", async () => {
    const granted = Promise.withResolvers<Room>();
    const pipe = new PassThrough();
    const relay = new EventRelay({ pipe, required: true, askRoom: () => granted.promise });
    await relay.reserve(room(1))?.ready;
    expect(relay.full).toBe(true);

    granted.resolve({ events: 5, bytes: ROOMY });
    await granted.promise;

    expect(relay.reserve(room(1))).toMatchObject({ ready: undefined });
  });

  it("can use what another worker gave back", async () => {
    const { queue, relays, intake } = world({ capacity: 2, required: true, workers: 0 });
    const pipes = [new PassThrough(), new PassThrough()];
    const sources = pipes.map((pipe) => intake.follow(pipe));
    const granted = intake.grant(sources[0]!, { events: 2, bytes: ROOMY });
    expect(intake.has(room(1))).toBe(false);

    intake.giveBack(sources[0]!, granted);

    expect(intake.grant(sources[1]!, room(2)).events).toBe(2);
    expect([queue.stats().accepted, relays.length]).toEqual([0, 0]);
  });

  it("are refused when the primary does not answer", async () => {
    const relay = new EventRelay({
      pipe: new PassThrough(),
      required: true,
      askRoom: () => Promise.reject(new Error("gone")),
    });

    await relay.reserve(room(1))?.ready;

    expect(relay.tryOffer(EVENT)).toBe(false);
  });
});
