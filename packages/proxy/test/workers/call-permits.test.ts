import { describe, expect, it } from "vitest";
import type { GateOptions } from "../../src/keys/gate.ts";
import { CallPermits } from "../../src/workers/call-permits.ts";

const [ADA, BOB, CY] = [{}, {}, {}];
const KMS = "1/print";
const GRANTED = { refused: undefined };

function permits(limits: Partial<GateOptions> = {}): CallPermits {
  return new CallPermits({ places: 1, queueSize: 100, waitMs: 60_000, ...limits });
}

/** Asks, and gives back what was answered so far. */
function asked(desk: CallPermits, worker: object, ticket: number, name = KMS) {
  const seen: { answer?: string } = {};
  void desk
    .ask(worker, { name, ticket })
    .then(({ refused = "GRANTED" }) => (seen.answer = refused));
  return seen;
}

async function soon(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a call that workers share the limit of", () => {
  it("begins at once while there is room, and waits for another one's end when there is none", async () => {
    const desk = permits({ places: 2 });
    expect(await desk.ask(ADA, { name: KMS, ticket: 1 })).toEqual(GRANTED);
    expect(await desk.ask(BOB, { name: KMS, ticket: 1 })).toEqual(GRANTED);
    const third = asked(desk, BOB, 2);
    await soon();
    expect(third).toEqual({});

    desk.end(ADA, 1);

    await soon();
    expect(third).toEqual({ answer: "GRANTED" });
  });

  it("takes its turn in the order of asking, whichever worker asks", async () => {
    const desk = permits();
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    const order: string[] = [];
    const turns = [
      ["ada", ADA, 2],
      ["bob", BOB, 1],
      ["ada again", ADA, 3],
      ["cy", CY, 1],
    ] as const;
    for (const [who, worker, ticket] of turns) {
      void desk.ask(worker, { name: KMS, ticket }).then(() => {
        order.push(who);
        desk.end(worker, ticket);
      });
    }

    desk.end(ADA, 1);

    await expect.poll(() => order).toEqual(["ada", "bob", "ada again", "cy"]);
  });

  it("is turned away at once when as many wait as may", async () => {
    const desk = permits({ queueSize: 1 });
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    const waiting = asked(desk, ADA, 2);

    expect(await desk.ask(BOB, { name: KMS, ticket: 1 })).toEqual({ refused: "FULL" });

    expect(waiting).toEqual({});
  });

  it("is turned away when its time is up, and keeps nobody waiting then", async () => {
    const desk = permits({ waitMs: 20 });
    await desk.ask(ADA, { name: KMS, ticket: 1 });

    expect(await desk.ask(BOB, { name: KMS, ticket: 1 })).toEqual({ refused: "WAITED_TOO_LONG" });

    desk.end(ADA, 1);
    expect(await desk.ask(CY, { name: KMS, ticket: 1 })).toEqual(GRANTED);
  });

  it("leaves the queue when its caller gives up", async () => {
    const desk = permits({ queueSize: 1 });
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    const waiting = asked(desk, BOB, 1);

    desk.end(BOB, 1);

    await soon();
    expect(waiting).toEqual({ answer: "ABORTED" });
    const next = asked(desk, CY, 1);
    desk.end(ADA, 1);
    await soon();
    expect(next).toEqual({ answer: "GRANTED" });
  });

  it("keeps no place when its caller gives up in the turn in which it is let in", async () => {
    const desk = permits();
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    const late = asked(desk, BOB, 1);
    const next = asked(desk, CY, 1);

    desk.end(ADA, 1);
    desk.end(BOB, 1);

    await soon();
    expect([late, next]).toEqual([{ answer: "ABORTED" }, { answer: "GRANTED" }]);
  });

  it("frees one place however often its end is told", async () => {
    const desk = permits();
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    desk.end(ADA, 1);
    await desk.ask(BOB, { name: KMS, ticket: 1 });

    desk.end(ADA, 1);

    const waiting = asked(desk, CY, 1);
    await soon();
    expect(waiting).toEqual({});
  });

  it("has nothing to do with calls to another KMS", async () => {
    const desk = permits({ queueSize: 0 });
    await desk.ask(ADA, { name: KMS, ticket: 1 });

    expect(await desk.ask(ADA, { name: "2/print", ticket: 2 })).toEqual(GRANTED);
  });
});

describe("a worker that has ended", () => {
  it("gives back the permits that it had, and waits for none", async () => {
    const desk = permits({ places: 2 });
    await desk.ask(ADA, { name: KMS, ticket: 1 });
    await desk.ask(ADA, { name: KMS, ticket: 2 });
    const own = asked(desk, ADA, 3);
    const others = [asked(desk, BOB, 1), asked(desk, BOB, 2)];

    desk.gone(ADA);

    await soon();
    expect(own).toEqual({ answer: "ABORTED" });
    expect(others).toEqual([{ answer: "GRANTED" }, { answer: "GRANTED" }]);
  });

  it("gets none when its question comes after its end", async () => {
    const desk = permits();
    desk.gone(ADA);

    expect(await desk.ask(ADA, { name: KMS, ticket: 1 })).toEqual({ refused: "CLOSED" });
    expect(await desk.ask(BOB, { name: KMS, ticket: 1 })).toEqual(GRANTED);
  });
});

describe("a KMS that nobody calls any more", () => {
  it("takes no memory", async () => {
    const desk = permits({ queueSize: 1, waitMs: 20 });
    for (const [at, name] of ["1/a", "2/b", "3/c"].entries()) {
      await desk.ask(ADA, { name, ticket: at });
      await Promise.all([1, 2].map((ticket) => desk.ask(BOB, { name, ticket: at * 10 + ticket })));
    }
    expect(desk.size).toBe(3);

    for (const ticket of [0, 1, 2]) desk.end(ADA, ticket);

    expect(desk.size).toBe(0);
  });
});
