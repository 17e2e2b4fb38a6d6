import { describe, expect, it, vi } from "vitest";
import { EventQueue, EventQueueError } from "../src/index.ts";
import { create, delay, HOUR_MS, passTime } from "./create.ts";
import { FakeSender } from "./fake-sender.ts";
import { expectExactLedger } from "./ledger.ts";

describe("offer", () => {
  it("keeps the order", async () => {
    const { queue, sender } = create();
    const events = Array.from({ length: 2_000 }, (_, index) => `event ${index}`);
    for (const event of events) expect(queue.offer(event)).toBe(true);

    expect(await queue.flush(5_000)).toBe(true);

    expect(sender.taken).toEqual(events);
    expect(queue.stats()).toMatchObject({ accepted: 2_000, sent: 2_000, held: 0, heldBytes: 0 });
  });

  it("sends without anyone asking", async () => {
    const { queue, sender } = create();
    queue.offer("alone");

    await expect.poll(() => sender.taken).toEqual(["alone"]);
  });

  it("drops the newest when every slot is taken, and holds the oldest", async () => {
    const { queue, sender } = create({ capacity: 2, sendTimeoutMs: HOUR_MS }, false);

    expect(["a", "b", "c"].map((event) => queue.offer(event))).toEqual([true, true, false]);

    expect(queue.stats()).toMatchObject({ accepted: 3, dropped: 1, held: 2 });
    expect(queue.stats().droppedBy.QUEUE_FULL).toBe(1);
    sender.open = true;
    await queue.flush(5_000);
    expect(sender.taken).toEqual(["a", "b"]);
  });

  it("says SEND_TIMEOUT when nothing was taken for longer than the limit", async () => {
    const { queue } = create({ capacity: 1, sendTimeoutMs: 5 }, false);
    queue.offer("held");
    await delay(20);

    queue.offer("dropped");

    expect(queue.stats().droppedBy).toMatchObject({ SEND_TIMEOUT: 1, QUEUE_FULL: 0 });
  });

  it("does not blame the reader for a burst after a quiet hour", async () => {
    const { queue } = create({ capacity: 1, sendTimeoutMs: 2_000 });
    passTime(HOUR_MS);

    queue.offer("held");
    queue.offer("dropped");

    expect(queue.stats().droppedBy).toMatchObject({ SEND_TIMEOUT: 0, QUEUE_FULL: 1 });
  });

  it("does not blame a reader that takes one event after the other", async () => {
    const { queue, sender } = create({ capacity: 2, sendTimeoutMs: 2_000 }, false);
    queue.offer("first");
    queue.offer("second");
    await expect.poll(() => sender.waiting).toBe(true);
    passTime(HOUR_MS);
    sender.take();
    await expect.poll(() => sender.waiting).toBe(true);
    queue.offer("third");

    queue.offer("dropped");

    expect(queue.stats().droppedBy).toMatchObject({ SEND_TIMEOUT: 0, QUEUE_FULL: 1 });
  });

  it("counts bytes as they are sent, and drops what would exceed them", () => {
    const { queue } = create({ maxEventBytes: 8, maxBytes: 12, sendTimeoutMs: HOUR_MS }, false);

    expect(queue.offer("€€")).toBe(true);
    expect(queue.offer(new Uint8Array(6))).toBe(true);
    expect(queue.offer("x")).toBe(false);

    expect(queue.stats()).toMatchObject({ held: 2, heldBytes: 12, maxBytes: 12 });
    expect(queue.stats().droppedBy.BYTES_FULL).toBe(1);
  });

  it("drops an event that is too long, in bytes, and keeps the next", () => {
    const { queue } = create({ maxEventBytes: 65_536 }, false);

    expect(queue.offer("€".repeat(21_846))).toBe(false);
    expect(queue.offer("€".repeat(21_845))).toBe(true);

    expect(queue.stats().droppedBy.EVENT_TOO_LARGE).toBe(1);
    expect(queue.stats().heldBytes).toBe(65_535);
  });

  it("drops everything once closed, and counts it", async () => {
    const { queue } = create();
    await queue.close();

    expect(queue.offer("late")).toBe(false);

    expect(queue.stats()).toMatchObject({ accepted: 1, dropped: 1, held: 0 });
    expect(queue.stats().droppedBy.CLOSED).toBe(1);
  });
});

describe("tryOffer", () => {
  it("keeps what fits, like offer", async () => {
    const { queue, sender } = create();

    expect(queue.tryOffer("kept")).toBe(true);
    await queue.flush(5_000);

    expect(sender.taken).toEqual(["kept"]);
    expect(queue.stats()).toMatchObject({ accepted: 1, sent: 1 });
  });

  it("counts nothing of what it refuses", () => {
    const onDrop = vi.fn<() => void>();
    const { queue } = create({ capacity: 1, onDrop }, false);
    queue.tryOffer("kept");

    expect(queue.tryOffer("refused")).toBe(false);

    expect(queue.stats()).toMatchObject({ accepted: 1, dropped: 0, held: 1 });
  });
});

describe("full and miss", () => {
  it("count an event that was never made", () => {
    const { queue } = create({ capacity: 1, sendTimeoutMs: HOUR_MS }, false);
    expect(queue.full).toBe(false);
    queue.offer("held");
    expect(queue.full).toBe(true);

    queue.miss();

    expect(queue.stats()).toMatchObject({ accepted: 2, dropped: 1, held: 1 });
    expect(queue.stats().droppedBy.QUEUE_FULL).toBe(1);
  });

  it("know a queue that is full of bytes, and a closed one", async () => {
    const { queue } = create({ maxEventBytes: 4, maxBytes: 4, sendTimeoutMs: HOUR_MS }, false);
    queue.offer("1234");
    expect(queue.full).toBe(true);
    queue.miss();
    expect(queue.stats().droppedBy.BYTES_FULL).toBe(1);

    await queue.close(0);

    expect(queue.full).toBe(true);
    queue.miss();
    expect(queue.stats().droppedBy.CLOSED).toBe(2);
    expectExactLedger(queue);
  });
});

describe("onDrop", () => {
  it("hears of drops once per interval and reason", async () => {
    const onDrop = vi.fn<(reason: string, count: number) => void>();
    const { queue } = create(
      {
        capacity: 1,
        sendTimeoutMs: HOUR_MS,
        maxEventBytes: 4,
        maxBytes: 4,
        dropIntervalMs: 20,
        onDrop,
      },
      false,
    );
    queue.offer("held");
    queue.offer("12345");
    for (let index = 0; index < 1_000; index += 1) queue.offer("more");
    expect(onDrop).not.toHaveBeenCalled();

    await expect.poll(() => onDrop.mock.calls).toEqual([["QUEUE_FULL", 1_001]]);
    queue.offer("once more");

    await expect.poll(() => onDrop.mock.calls.slice(1)).toEqual([["QUEUE_FULL", 1]]);
  });

  it("hears the rest when the queue is closed", async () => {
    const onDrop = vi.fn<(reason: string, count: number) => void>();
    const { queue } = create({ onDrop, dropIntervalMs: HOUR_MS }, false);
    queue.offer("held");

    await queue.close(0);

    expect(onDrop.mock.calls).toEqual([["CLOSED", 1]]);
  });
});

describe("options", () => {
  it.for([
    ["capacity", { capacity: 0 }],
    ["capacity", { capacity: 1.5 }],
    ["capacity", { capacity: 10_000_001 }],
    ["maxEventBytes", { maxEventBytes: 0 }],
    ["maxBytes", { maxBytes: 1_000 }],
    ["sendTimeoutMs", { sendTimeoutMs: -1 }],
    ["dropIntervalMs", { dropIntervalMs: Number.NaN }],
  ] as const)("refuse a %s outside its limits: %o", ([name, options]) => {
    expect(() => new EventQueue(new FakeSender(), options)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining(name) }),
    );
  });

  it("make errors that are known by their brand", () => {
    expect(EventQueueError.is(new EventQueueError("BIND_FAILED", "no"))).toBe(true);
    expect(EventQueueError.is(new Error("no"))).toBe(false);
  });
});
