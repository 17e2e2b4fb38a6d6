import { describe, expect, it, onTestFinished, vi } from "vitest";
import { create, HOUR_MS, passTime } from "./create.ts";
import { expectExactLedger } from "./ledger.ts";

describe("the drainer", () => {
  it("never has two events in flight", async () => {
    const { queue, sender } = create({}, false);
    for (let index = 0; index < 50; index += 1) queue.offer(`event ${index}`);
    for (let index = 0; index < 25; index += 1) {
      await expect.poll(() => sender.waiting, { interval: 1 }).toBe(true);
      queue.offer("another");
      expectExactLedger(queue);
      sender.take();
    }
    sender.open = true;
    sender.take();
    await queue.flush(5_000);

    expect(sender.overlaps).toBe(0);
    expect(sender.taken).toHaveLength(75);
  });

  it("counts the event in flight as held until it is taken", async () => {
    const { queue, sender } = create({}, false);
    queue.offer("slow");
    await expect.poll(() => sender.waiting).toBe(true);

    expect(queue.stats()).toMatchObject({ sent: 0, held: 1, heldBytes: 4 });
    sender.take();
    await queue.flush(5_000);

    expect(queue.stats()).toMatchObject({ sent: 1, held: 0, heldBytes: 0 });
  });

  it("tries an event again that was not taken", async () => {
    const { queue, sender } = create({}, false);
    queue.offer("first");
    queue.offer("second");
    await expect.poll(() => sender.waiting).toBe(true);
    sender.refuse("EAGAIN");
    await expect.poll(() => sender.waiting).toBe(true);
    sender.open = true;
    sender.take();
    await queue.flush(5_000);

    expect(sender.taken).toEqual(["first", "second"]);
    expect(queue.stats()).toMatchObject({ sent: 2, dropped: 0 });
  });

  it("drops an event the transport refuses, and goes on with the next", async () => {
    const { queue, sender } = create({}, false);
    queue.offer("refused");
    queue.offer("taken");
    await expect.poll(() => sender.waiting).toBe(true);
    sender.open = true;
    sender.refuse();
    await queue.flush(5_000);

    expect(sender.taken).toEqual(["taken"]);
    expect(queue.stats().droppedBy.SEND_FAILED).toBe(1);
    expectExactLedger(queue);
  });

  it("survives a sender that throws", async () => {
    const { queue, sender } = create();
    vi.spyOn(sender, "send").mockImplementationOnce(() => {
      throw new TypeError("no");
    });
    queue.offer("thrown at");
    queue.offer("taken");
    await queue.flush(5_000);

    expect(sender.taken).toEqual(["taken"]);
    expect(queue.stats().droppedBy.SEND_FAILED).toBe(1);
  });

  it("lets the event loop turn while it empties a full queue", async () => {
    const { queue, sender } = create();
    vi.spyOn(sender, "send").mockImplementation(() => {
      const end = performance.now() + 0.05;
      while (performance.now() < end);
      return Promise.resolve();
    });
    for (let index = 0; index < 1_000; index += 1) queue.offer("event");
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    await queue.flush(30_000);
    clearInterval(counting);

    // 50 ms of work in slices of 2 ms and at most 32 events more.
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});

describe("flush", () => {
  it("is true at once when nothing is held", async () => {
    const { queue } = create({}, false);

    expect(await queue.flush(0)).toBe(true);
  });

  it("is false at the deadline, and leaves the rest in the queue", async () => {
    const { queue } = create({}, false);
    queue.offer("held");

    expect(await queue.flush(20)).toBe(false);

    expect(queue.stats()).toMatchObject({ held: 1, dropped: 0 });
  });

  it("ends with its signal", async () => {
    const { queue } = create({}, false);
    queue.offer("held");

    expect(await queue.flush(AbortSignal.timeout(20))).toBe(false);
    expect(await queue.flush(AbortSignal.abort())).toBe(false);
  });

  it("waits for what is held now, not for what comes later", async () => {
    const { queue, sender } = create({}, false);
    queue.offer("held");
    const flushed = queue.flush(30_000);
    await expect.poll(() => sender.waiting).toBe(true);
    queue.offer("later");
    sender.take();

    expect(await flushed).toBe(true);

    expect(queue.stats().held).toBe(1);
  });
});

describe("close", () => {
  it("sends what is held first", async () => {
    const { queue, sender } = create();
    for (let index = 0; index < 5_000; index += 1) queue.offer("event");

    await queue.close();

    expect(queue.stats()).toMatchObject({ sent: 5_000, dropped: 0, held: 0 });
    expect(sender.closed).toBe(true);
  });

  it("drops the rest at its deadline, the one in flight included", async () => {
    const { queue, sender } = create({}, false);
    for (const event of ["a", "b", "c"]) queue.offer(event);
    await expect.poll(() => sender.waiting).toBe(true);

    await queue.close(20);

    expect(queue.stats()).toMatchObject({ accepted: 3, sent: 0, dropped: 3, held: 0 });
    expect(queue.stats().droppedBy.CLOSED).toBe(3);
    expectExactLedger(queue);
  });

  it("gives up long before its deadline when readers have been gone for a while", async () => {
    const { queue } = create({}, false);
    queue.offer("held");
    passTime(60_000);

    await queue.close(HOUR_MS);

    expect(queue.stats().droppedBy.CLOSED).toBe(1);
  });

  it("goes on while a slow reader takes one event after the other", async () => {
    const { queue, sender } = create({}, false);
    for (const event of ["a", "b", "c", "d"]) queue.offer(event);
    const taking = setInterval(() => sender.take(), 400);
    onTestFinished(() => clearInterval(taking));

    await queue.close(HOUR_MS);

    expect(queue.stats()).toMatchObject({ sent: 4, dropped: 0 });
  });

  it("may be called again, also at the same time", async () => {
    const { queue } = create();
    const first = queue.close();

    expect(queue.close()).toBe(first);
    await first;
    await queue.close();
  });
});
