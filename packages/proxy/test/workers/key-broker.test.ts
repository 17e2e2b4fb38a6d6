import { describe, expect, it } from "vitest";
import { bindingMismatch, DeniedEdek } from "../../src/edek/denied-edek.ts";
import { ProxyError } from "../../src/errors.ts";
import type { KeyAnswer, KeyQuestion, SealedKey } from "../../src/workers/calls.ts";
import { KeyBroker, type KeyBrokerOptions } from "../../src/workers/key-broker.ts";
import { toPlain } from "../../src/workers/plain-error.ts";

const LEASE: KeyQuestion = { kind: "lease", name: "1/print/acme", replaces: 0 };
const OPENED: KeyQuestion = { kind: "opened", name: "lease_unwrap/1/acme", replaces: 0 };
const LEASE_MS = 1_000;
const PATIENCE_MS = 500;

const [ADA, BOB, CY] = [{}, {}, {}];

function key(leaseId: number, ageMs = 0): SealedKey {
  return {
    sealed: Buffer.of(leaseId),
    leaseId,
    wrapped: Buffer.of(1),
    bound: true,
    verified: true,
    ageMs,
  };
}

function brokerAt(clock: { now: number }, limits: Pick<KeyBrokerOptions, "parts"> = {}): KeyBroker {
  return new KeyBroker({
    ...limits,
    leaseMs: LEASE_MS,
    patienceMs: PATIENCE_MS,
    max: 100,
    now: () => clock.now,
  });
}

/** A broker that has a lease of the worker ADA. */
async function made(clock = { now: 0 }) {
  const broker = brokerAt(clock);
  broker.made(ticketOf(await broker.ask(ADA, LEASE)), key(7, 100));
  return broker;
}

function ticketOf(answer: KeyAnswer): number {
  if ("ticket" in answer) return answer.ticket;
  throw new TypeError("a key, and no ticket");
}

describe("workers that need the same key", () => {
  it("let the first one make it, and wait for that", async () => {
    const broker = brokerAt({ now: 0 });
    const ticket = ticketOf(await broker.ask(ADA, LEASE));
    const others = Promise.all([broker.ask(BOB, LEASE), broker.ask(CY, LEASE)]);

    broker.made(ticket, key(7));

    expect(await others).toEqual([{ key: key(7) }, { key: key(7) }]);
  });

  it("are told of the first one's failure, and the next to come tries again", async () => {
    const broker = brokerAt({ now: 0 });
    const ticket = ticketOf(await broker.ask(ADA, LEASE));
    const other = broker.ask(BOB, LEASE);

    broker.failed({ ticket, error: { status: "KMS_UNREACHABLE", message: "away" } });

    await expect(other).rejects.toEqual(new ProxyError("KMS_UNREACHABLE", "away"));
    expect(ticketOf(await broker.ask(BOB, LEASE))).not.toBe(ticket);
  });

  it("know that the first one's failure is a denial, and when to try again", async () => {
    const broker = brokerAt({ now: 0 });
    const fail = async (error: Error): Promise<unknown> => {
      const ticket = ticketOf(await broker.ask(ADA, OPENED));
      const other = broker.ask(BOB, OPENED).catch((reason: unknown) => reason);
      broker.failed({ ticket, error: toPlain(error) });
      return other;
    };

    expect(await fail(bindingMismatch())).toBeInstanceOf(DeniedEdek);
    const later = new ProxyError("KMS_UNREACHABLE", "away", { retryAfterSeconds: 4 });
    expect(await fail(later)).toMatchObject({ http: 503, retryAfterSeconds: 4 });
  });

  it("make it themselves when the first one ends before it is made", async () => {
    const broker = brokerAt({ now: 0 });
    await broker.ask(ADA, LEASE);
    const bob = broker.ask(BOB, LEASE);
    const cy = broker.ask(CY, LEASE);

    broker.gone(ADA);
    broker.made(ticketOf(await bob), key(8));

    expect(await cy).toEqual({ key: key(8) });
  });

  it("make it themselves when the first one takes too long, or never got its ticket", async () => {
    const clock = { now: 0 };
    const broker = brokerAt(clock);
    const first = ticketOf(await broker.ask(ADA, LEASE));
    const bob = broker.ask(BOB, LEASE);
    clock.now = PATIENCE_MS;

    const second = ticketOf(await broker.ask(CY, LEASE));
    broker.made(first, key(7));
    broker.made(second, key(8));

    expect(await bob).toEqual({ key: key(8) });
    expect(await broker.ask(ADA, LEASE)).toEqual({ key: key(8) });
  });

  it("do not get in the way of other names", async () => {
    const broker = brokerAt({ now: 0 });
    const first = ticketOf(await broker.ask(ADA, LEASE));

    expect(ticketOf(await broker.ask(BOB, { ...LEASE, name: "1/print/other" }))).not.toBe(first);
    expect(ticketOf(await broker.ask(CY, OPENED))).not.toBe(first);
  });
});

describe("a lease that one worker made", () => {
  it("is handed to a later one with the age that it has by then", async () => {
    const clock = { now: 0 };
    const broker = await made(clock);
    clock.now = 300;

    expect(await broker.ask(BOB, LEASE)).toEqual({ key: key(7, 400) });
  });

  it("is not handed to one that wants another in its place", async () => {
    const broker = await made();

    expect(await broker.ask(BOB, { ...LEASE, replaces: 7 })).toHaveProperty("ticket");
  });

  it("replaces the one that the others still have", async () => {
    const broker = await made();
    broker.made(ticketOf(await broker.ask(BOB, { ...LEASE, replaces: 7 })), key(9));

    expect(await broker.ask(ADA, { ...LEASE, replaces: 7 })).toEqual({ key: key(9) });
  });

  it("is handed on no more once it is past its time", async () => {
    const clock = { now: 0 };
    const broker = await made(clock);
    clock.now = LEASE_MS - 100;

    expect(await broker.ask(BOB, LEASE)).toHaveProperty("ticket");
  });

  it("is handed out for no more parts of its wraps than it has, whoever asks", async () => {
    const broker = brokerAt({ now: 0 }, { parts: 2 });
    broker.made(ticketOf(await broker.ask(ADA, LEASE)), key(7));
    expect(await broker.ask(BOB, LEASE)).toHaveProperty("key");
    broker.gone(BOB);

    const ticket = ticketOf(await broker.ask(CY, LEASE));
    broker.made(ticket, key(9));

    expect(await broker.ask(BOB, { ...LEASE, replaces: 7 })).toEqual({ key: key(9) });
  });

  it("leaves the next one to those who waited and got no part of it", async () => {
    const broker = brokerAt({ now: 0 }, { parts: 2 });
    const ticket = ticketOf(await broker.ask(ADA, LEASE));
    const bob = broker.ask(BOB, LEASE);
    const cy = broker.ask(CY, LEASE);

    broker.made(ticket, key(7));

    expect(await bob).toEqual({ key: key(7) });
    broker.made(ticketOf(await cy), key(9));
    expect(await broker.ask(ADA, LEASE)).toEqual({ key: key(9) });
  });

  it("is handed on no more once it is withdrawn", async () => {
    const broker = await made();
    broker.withdraw(LEASE.name, 7);

    expect(await broker.ask(BOB, LEASE)).toHaveProperty("ticket");
  });

  it("stays when an earlier one of the same name is withdrawn", async () => {
    const broker = await made();
    broker.withdraw(LEASE.name, 3);

    expect(await broker.ask(BOB, LEASE)).toHaveProperty("key");
  });
});

describe("a key that one worker opened", () => {
  it("is handed on for seconds", async () => {
    const clock = { now: 0 };
    const broker = brokerAt(clock);
    broker.made(ticketOf(await broker.ask(ADA, OPENED)), key(0));

    expect(await broker.ask(BOB, OPENED)).toHaveProperty("key");
    clock.now = 5_000;
    expect(await broker.ask(BOB, OPENED)).toHaveProperty("ticket");
  });

  it("is forgotten when every KMS is asked again", async () => {
    const broker = brokerAt({ now: 0 });
    broker.made(ticketOf(await broker.ask(ADA, OPENED)), key(0));

    broker.recheck();

    expect(await broker.ask(BOB, OPENED)).toHaveProperty("ticket");
  });
});

describe("a lease from before every KMS was asked again", () => {
  it("is handed on as one whose KMS has to be asked", async () => {
    const broker = await made();
    broker.recheck();

    expect(await broker.ask(BOB, LEASE)).toMatchObject({ key: { leaseId: 7, verified: false } });
  });

  it("is so, too, when it was only being made then", async () => {
    const broker = brokerAt({ now: 0 });
    const ticket = ticketOf(await broker.ask(ADA, LEASE));
    const bob = broker.ask(BOB, LEASE);
    broker.recheck();

    broker.made(ticket, key(7));

    expect(await bob).toMatchObject({ key: { verified: false } });
    expect(await broker.ask(CY, LEASE)).toMatchObject({ key: { verified: false } });
  });
});
