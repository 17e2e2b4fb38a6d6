import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Outbox, type Unsent } from "../../src/http/outbox.ts";

describe("answers that are ready", () => {
  it("are written at the end of the turn, in their order", async () => {
    const { outbox, sent, add } = listening();
    add(3);

    expect(sent).toEqual([]);
    await nextTurn();

    expect(sent).toEqual([0, 1, 2]);
    outbox.add(one(() => sent.push("later")));
    await nextTurn();
    expect(sent).toEqual([0, 1, 2, "later"]);
  });

  it("do not wait for the end of a long turn once they are many", async () => {
    const { sent, add } = listening();

    add(40);

    expect(sent).toHaveLength(32);
    await nextTurn();
    expect(sent).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  it("are written in the next turn when they get ready while others are written", async () => {
    const { outbox, sent } = listening();
    outbox.add(one(() => outbox.add(one(() => sent.push("second")))));

    await nextTurn();
    expect(sent).toEqual([]);
    await nextTurn();

    expect(sent).toEqual(["second"]);
  });

  it("are written although one of them cannot be", async () => {
    const { outbox, sent, add } = listening();
    const broken = new Error("broken");
    const send = () => {
      throw broken;
    };
    outbox.add({ count() {}, send, fail: (error) => sent.push(error) });
    add(1);

    await nextTurn();

    expect(sent).toEqual([broken, 0]);
  });
});

describe("answers that must be on record", () => {
  it("are all counted, then recorded, then written", async () => {
    const { outbox, steps } = recording();

    outbox.add(counted(1, steps));
    outbox.add(counted(2, steps));
    await nextTurn();

    expect(steps).toEqual(["count 1", "count 2", "save", "send 1", "send 2"]);
  });

  it("wait while that is not done, those of later turns behind them", async () => {
    const { outbox, steps, records } = recording();
    const safe = Promise.withResolvers<void>();
    records.safe = false;
    records.whenSafe = (proceed) => void safe.promise.then(proceed);

    outbox.add(counted(1, steps));
    await nextTurn();
    records.safe = true;
    outbox.add(counted(2, steps));
    await nextTurn();
    expect(steps).toEqual(["count 1", "save", "count 2", "save"]);

    safe.resolve();
    await nextTurn();
    outbox.add(counted(3, steps));
    await nextTurn();

    expect(steps.slice(4)).toEqual(["send 1", "send 2", "count 3", "save", "send 3"]);
  });
});

function recording() {
  const steps: string[] = [];
  const records = {
    safe: true,
    save: () => (steps.push("save"), records.safe),
    whenSafe: (proceed: () => void) => proceed(),
  };
  return { steps, records, outbox: new Outbox(records) };
}

function counted(number: number, steps: string[]): Unsent {
  return {
    count: () => void steps.push(`count ${number}`),
    send: () => void steps.push(`send ${number}`),
    fail() {},
  };
}

function one(send: () => unknown): Unsent {
  return {
    count() {},
    send,
    fail(error) {
      throw error;
    },
  };
}

function listening() {
  const outbox = new Outbox();
  const sent: unknown[] = [];
  const add = (count: number): void => {
    for (let index = 0; index < count; index += 1) outbox.add(one(() => sent.push(index)));
  };
  return { outbox, sent, add };
}
