import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { EventRelay } from "../../src/workers/event-relay.ts";
import { WorkerRecords } from "../../src/workers/worker-records.ts";

/** A pipe whose reader takes nothing before `read`. */
function slowPipe() {
  const stuck: ((error?: Error) => void)[] = [];
  let reading = false;
  const taken: string[] = [];
  const pipe = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(String(chunk));
      if (reading) done();
      else stuck.push(done);
    },
  });
  const read = (): void => {
    reading = true;
    for (const done of stuck.splice(0)) done();
  };
  const fail = (error: Error): void => {
    for (const done of stuck.splice(0)) done(error);
  };
  return { pipe, read, fail, taken };
}

const askRoom = async () => ({ events: 100, bytes: 100_000 });

function world({ required }: { readonly required: boolean }) {
  const { pipe, read, fail, taken } = slowPipe();
  pipe.on("error", () => {});
  const relay = new EventRelay({ pipe, required, askRoom });
  const saved: string[] = [];
  const mirror = { save: () => void saved.push("mirror") };
  const records = new WorkerRecords({ relay, mirror, required });
  return { records, relay, read, fail, taken, saved };
}

describe("what a worker records before an answer leaves", () => {
  it("is in the hands of the kernel at once while the primary keeps up", () => {
    const { records, relay, read, taken, saved } = world({ required: false });
    read();
    relay.offer("one");
    relay.offer("two");

    expect(records.save()).toBe(true);
    expect([taken, saved]).toEqual([["one\ntwo\n"], ["mirror"]]);
  });

  it("holds answers up until the pipe takes it, where events are required", async () => {
    const { records, relay, read } = world({ required: true });
    await relay.reserve({ events: 1, bytes: 10 })?.ready;
    expect(relay.tryOffer("event")).toBe(true);

    expect(records.save()).toBe(false);
    const safe: number[] = [];
    records.whenSafe(() => safe.push(1));
    records.whenSafe(() => safe.push(2));
    await sleep(100);
    expect(safe).toEqual([]);

    read();
    await sleep(0);
    expect(safe).toEqual([1, 2]);
    expect(records.save()).toBe(true);
  });

  it("holds them up for a moment only, where events may be dropped", async () => {
    const { records, relay, read } = world({ required: false });
    relay.offer("event");

    expect(records.save()).toBe(false);
    let safe = 0;
    await new Promise<void>((resolve) => records.whenSafe(() => resolve(void (safe += 1))));
    read();
    await sleep(50);

    expect(safe).toBe(1);
  });

  it("lets them go when the pipe is broken", async () => {
    const { records, relay, fail } = world({ required: true });
    await relay.reserve({ events: 1, bytes: 10 })?.ready;
    relay.tryOffer("event");

    expect(records.save()).toBe(false);
    const safe = new Promise<void>((resolve) => records.whenSafe(resolve));
    fail(new Error("gone"));

    await safe;
  });
});
