import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { type BindOptions, EventQueue, type EventQueueStats } from "../src/index.ts";
import { expectExactLedger } from "./ledger.ts";
import { PRODUCER, type ReaderProcess, startProgram, startReader } from "./processes.ts";

const PADDING = "x".repeat(990);
/** Enough for a slow machine; nothing waits for it when all is well. */
const DEADLINE = { timeout: 60_000, interval: 20 };

describe("a reader in another process", { timeout: 120_000 }, () => {
  it("gets every event once, in order, one frame each", async () => {
    const queue = await bind();
    const reader = await startReader(queue.endpoint);

    await offerWithRoom(queue, 1, 50_000);

    await expect.poll(() => reader.progress().count, DEADLINE).toBe(50_000);
    expect(reader.progress()).toMatchObject({ first: 1, last: 50_000, gaps: 0, mostFrames: 1 });
    expect(queue.stats()).toMatchObject({ accepted: 50_000, sent: 50_000, dropped: 0 });
  });

  it("may be killed under load: what it and the network held is lost, all else arrives", async () => {
    const queue = await bind();
    const first = await startReader(queue.endpoint);
    let enough = false;
    const producing = offerWhile(queue, () => !enough);
    await expect.poll(() => first.progress().count, DEADLINE).toBeGreaterThan(10_000);
    await first.kill();
    const second = await startReader(queue.endpoint);
    await expect.poll(() => second.progress().count, DEADLINE).toBeGreaterThan(10_000);
    enough = true;
    const offered = await producing;
    await expect.poll(() => second.progress().last, DEADLINE).toBe(offered);

    const lost = lostBetween(first, second);

    // ZeroMQ's queue for the reader, the reader's own, and kernel buffers of at most 6 MB.
    expect(lost).toBeLessThan(2_000 + 100 + 7_000);
    expect(queue.stats()).toMatchObject({ accepted: offered, sent: offered, dropped: 0 });
  });

  it("may be slow and be killed: the queue's own events outlive it", async () => {
    const queue = await bind({ capacity: 30_000 });
    const first = await startReader(queue.endpoint, 1);
    await expect.poll(() => offerOne(queue, first), DEADLINE).toBe(true);
    for (let sequence = 2; sequence <= 30_000; sequence += 1) queue.offer(`${sequence} ${PADDING}`);
    await expect.poll(() => first.progress().count, DEADLINE).toBeGreaterThan(100);
    const heldBefore = queue.stats().held;
    await first.kill();
    expect(heldBefore).toBeGreaterThan(10_000);

    const second = await startReader(queue.endpoint);
    await expect.poll(() => second.progress().last, DEADLINE).toBe(30_000);

    expect(second.progress().count).toBeGreaterThanOrEqual(heldBefore);
    expect(second.progress().gaps).toBe(0);
    expectExactLedger(queue);
  });

  it("may be slower than the load: the rest is dropped and counted", async () => {
    const queue = await bind({ capacity: 1_000, highWaterMark: 100 });
    const reader = await startReader(queue.endpoint, 1);
    for (let sequence = 1; sequence <= 40_000; sequence += 1) {
      queue.offer(`${sequence} ${PADDING}`);
      if (sequence % 100 === 0) await turn();
      if (sequence % 1_000 === 0) expectExactLedger(queue);
    }
    const { sent, dropped, held } = queue.stats();
    expect(dropped).toBeGreaterThan(0);

    await reader.kill();
    expectExactLedger(queue);
    expect(sent + dropped + held).toBe(40_000);
  });

  it("may come back again and again", async () => {
    const queue = await bind();
    let next = 1;
    for (let round = 0; round < 3; round += 1) {
      const reader = await startReader(queue.endpoint);
      await offerWithRoom(queue, next, 500);
      next += 500;
      await expect.poll(() => reader.progress().last, DEADLINE).toBe(next - 1);
      await reader.kill();
      for (const last = next + 10; next < last; next += 1) queue.offer(`${next} ${PADDING}`);
    }
    const last = await startReader(queue.endpoint);
    queue.offer(`${next} ${PADDING}`);

    await expect.poll(() => last.progress().last, DEADLINE).toBe(next);
    expectExactLedger(queue);
  });
});

describe("no reader for a whole run", { timeout: 60_000 }, () => {
  it("costs no processor time and loses nothing uncounted", async () => {
    const queue = await bind({ capacity: 1_000 });
    for (let sequence = 1; sequence <= 5_000; sequence += 1) queue.offer(`${sequence}`);
    await queue.flush(200);
    expect(queue.stats()).toMatchObject({ accepted: 5_000, sent: 0, dropped: 4_000, held: 1_000 });

    const before = process.cpuUsage();
    expect(await queue.flush(1_000)).toBe(false);
    const { user, system } = process.cpuUsage(before);

    // A loop that asked again and again would take all of this second.
    expect((user + system) / 1e6).toBeLessThan(0.5);
    await queue.close(50);
    expect(queue.stats()).toMatchObject({ accepted: 5_000, sent: 0, dropped: 5_000, held: 0 });
    expect(queue.stats().droppedBy.CLOSED).toBe(1_000);
  });
});

describe("a process that stops with a full queue", { timeout: 120_000 }, () => {
  it("sends everything first when there is a reader, and then ends", async () => {
    const producer = startProgram(PRODUCER, ["20000", "60000"]);
    const [endpoint] = await once(producer, "message");
    const reader = await startReader(String(endpoint));
    const [[stats], [code]] = await Promise.all([
      once(producer, "message"),
      once(producer, "exit"),
    ]);

    expect(code).toBe(0);
    expect(stats).toMatchObject({ accepted: 20_000, sent: 20_000, dropped: 0, held: 0 });
    await expect.poll(() => reader.progress().count, DEADLINE).toBe(20_000);
    expect(reader.progress().gaps).toBe(0);
  });

  it("ends at its deadline when there is none, and says what was lost", async () => {
    const producer = startProgram(PRODUCER, ["20000", "200"]);
    const exited = once(producer, "exit");
    await once(producer, "message");
    const [stats] = (await once(producer, "message")) as [EventQueueStats];

    expect(await exited).toEqual([0, null]);
    expect(stats).toMatchObject({ accepted: 20_000, sent: 0, dropped: 20_000, held: 0 });
    expect(stats.droppedBy.CLOSED).toBe(20_000);
  });
});

async function bind(options: Partial<BindOptions> = {}): Promise<EventQueue> {
  const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0", ...options });
  onTestFinished(() => queue.close(0));
  return queue;
}

/** Offers `count` numbered events, none of them while the queue is full. */
async function offerWithRoom(queue: EventQueue, from: number, count: number): Promise<void> {
  const last = from + count - 1;
  await offerWhile(queue, (sequence) => sequence <= last, from);
}

/** Offers numbered events; returns the last number. */
async function offerWhile(
  queue: EventQueue,
  goOn: (sequence: number) => boolean,
  from = 1,
): Promise<number> {
  let sequence = from;
  for (; goOn(sequence); sequence += 1) {
    while (queue.full) await turn();
    queue.offer(`${sequence} ${PADDING}`);
    if (sequence % 100 === 0) await turn();
  }
  return sequence - 1;
}

/** Number 1, until the reader has it: then it is surely connected. */
function offerOne(queue: EventQueue, reader: ReaderProcess): boolean {
  if (queue.stats().accepted === 0) queue.offer(`1 ${PADDING}`);
  return reader.progress().count > 0;
}

/** Events that neither of two readers got, which must be one run of numbers between theirs. */
function lostBetween(first: ReaderProcess, second: ReaderProcess): number {
  expect(first.progress()).toMatchObject({ first: 1, gaps: 0 });
  expect(second.progress().gaps).toBe(0);
  return second.progress().first - first.progress().last - 1;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
