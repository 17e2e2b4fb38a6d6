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
    outbox.add({ send, fail: (error) => sent.push(error) });
    add(1);

    await nextTurn();

    expect(sent).toEqual([broken, 0]);
  });
});

function one(send: () => unknown): Unsent {
  return {
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
