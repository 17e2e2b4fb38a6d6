import { describe, expect, it } from "vitest";
import type { Bulkhead } from "../../src/keys/bulkhead.ts";
import type { GateOptions } from "../../src/keys/gate.ts";
import { CallPermits } from "../../src/workers/call-permits.ts";
import type { ToPrimary, ToWorker } from "../../src/workers/calls.ts";
import { Link } from "../../src/workers/link.ts";
import { permitGates } from "../../src/workers/permit-gate.ts";
import { linkedPorts } from "./helpers/linked-ports.ts";

const KMS = "1/print";

/** A worker of a primary with these permits. */
function workerOf(permits: CallPermits, waitMs = 60_000) {
  const worker = {};
  const [near, far] = linkedPorts();
  const link = new Link<ToPrimary, ToWorker>(near, {}, unexpected);
  new Link<ToWorker, ToPrimary>(
    far,
    {
      permit: (question) => permits.ask(worker, question),
      permitOver: ({ ticket }) => (permits.end(worker, ticket), null),
    },
    unexpected,
  );
  return { gates: permitGates(link, waitMs), disconnect: () => near.emit("disconnect") };
}

/** The bulkheads of one KMS in two workers. */
function twoGates(limits: Partial<GateOptions> = {}): readonly [Bulkhead, Bulkhead] {
  const permits = new CallPermits({ places: 1, queueSize: 100, waitMs: 60_000, ...limits });
  return [workerOf(permits).gates(KMS), workerOf(permits).gates(KMS)];
}

async function soon(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("bulkheads of two workers with one limit", () => {
  it("let no more in together than one of them alone", async () => {
    const gates = twoGates({ places: 3 });
    let [running, most] = [0, 0];

    const calls = Array.from({ length: 20 }, async (_, at) => {
      const gate = gates[at % 2]!;
      await gate.enter();
      most = Math.max(most, (running += 1));
      expect(gates[0].inside + gates[1].inside).toBeLessThanOrEqual(3);
      await soon();
      running -= 1;
      gate.leave();
    });
    await Promise.all(calls);

    expect(most).toBe(3);
    expect(gates.map(({ inside, waiting }) => [inside, waiting])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("turn away who comes when as many wait as may, at either of them", async () => {
    const [ada, bob] = twoGates({ queueSize: 1 });
    await ada.enter();
    const waiting = ada.enter();

    await expect(bob.enter()).rejects.toMatchObject({ reason: "FULL" });

    expect([ada.inside, ada.waiting]).toEqual([1, 1]);
    ada.leave();
    await waiting;
  });

  it("turn away who has waited too long", async () => {
    const [ada, bob] = twoGates({ waitMs: 20 });
    await ada.enter();

    await expect(bob.enter()).rejects.toMatchObject({ reason: "WAITED_TOO_LONG" });
  });
});

describe("a call that waits for its permit", () => {
  it("ends with its signal, and holds no place in the queue then", async () => {
    const [ada, bob] = twoGates({ queueSize: 1 });
    await ada.enter();
    const caller = new AbortController();
    const waiting = bob.enter(caller.signal);
    await soon();

    caller.abort();

    await expect(waiting).rejects.toMatchObject({ reason: "ABORTED" });
    expect(bob.waiting).toBe(0);
    const next = bob.enter();
    ada.leave();
    await next;
  });

  it("does not begin with a signal that has fired", async () => {
    const [ada, bob] = twoGates();

    await expect(ada.enter(AbortSignal.abort())).rejects.toMatchObject({ reason: "ABORTED" });

    await bob.enter();
    expect(bob.inside).toBe(1);
  });

  it("gives a permit back that comes when nobody waits for it any more", async () => {
    const [ada, bob] = twoGates();
    const caller = new AbortController();
    const entering = ada.enter(caller.signal);

    // The primary has not even been asked when this fires.
    caller.abort();

    await expect(entering).rejects.toMatchObject({ reason: "ABORTED" });
    await bob.enter();
    expect([ada.inside, bob.inside]).toEqual([0, 1]);
  });

  it("is turned away when its bulkhead closes, and so is who comes after", async () => {
    const [ada, bob] = twoGates();
    await ada.enter();
    const waiting = bob.enter();
    await soon();

    bob.close();

    await expect(waiting).rejects.toMatchObject({ reason: "CLOSED" });
    await expect(bob.enter()).rejects.toMatchObject({ reason: "CLOSED" });
    ada.leave();
    await ada.enter();
  });

  it("is turned away when the primary is gone", async () => {
    const permits = new CallPermits({ places: 1, queueSize: 100, waitMs: 60_000 });
    const { gates, disconnect } = workerOf(permits);
    const gate = gates(KMS);
    await gate.enter();
    const waiting = gate.enter();

    disconnect();

    await expect(waiting).rejects.toMatchObject({ reason: "WAITED_TOO_LONG" });
  });
});

function unexpected(error: unknown): void {
  throw error;
}
