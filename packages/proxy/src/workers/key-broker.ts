import { LRUCache } from "lru-cache";
import type { KeyAnswer, KeyFailure, KeyQuestion, SealedKey } from "./calls.ts";
import { fromPlain } from "./plain-error.ts";

export interface KeyBrokerOptions {
  /** Milliseconds for which a lease is handed to workers that do not have it yet. */
  readonly leaseMs: number;
  /** Milliseconds after which a key that is still not made is given to the next who asks to make. */
  readonly patienceMs: number;
  /** Leases kept; a worker makes one anew that was pushed out. */
  readonly max: number;
  /**
   * How often a lease is handed out, to its maker first: each time for a part of the wraps it may do,
   * also to a worker that replaces another one. Left out: its wraps are not limited.
   */
  readonly parts?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Identifies a worker for as long as it runs. */
export type WorkerId = object;

/** Longer than any call to a KMS: another worker makes a key, and its failure is told as well. */
export const KEY_GRACE_MS = 5_000;

interface Kept {
  readonly key: SealedKey;
  /** The last re-check before its KMS was asked for it. */
  readonly recheck: number;
  readonly at: number;
  readonly endsAt: number;
  /** How often it was handed out. */
  parts: number;
}

interface Flight {
  readonly ticket: number;
  readonly question: KeyQuestion;
  readonly recheck: number;
  readonly startedAt: number;
  readonly maker: WorkerId;
  readonly waiting: {
    readonly worker: WorkerId;
    readonly resolve: (answer: KeyAnswer) => void;
    readonly reject: (error: Error) => void;
  }[];
}

/** A key that was just opened is handed on for so long: who comes later asks the KMS. */
const OPENED_MS = 5_000;

/**
 * Sees that the workers of one proxy ask a KMS for a key once. It keeps sealed keys and cannot open
 * them. Whoever is first makes the key, the others wait for it or take it from here.
 */
export class KeyBroker {
  readonly #options: KeyBrokerOptions;
  readonly #now: () => number;
  readonly #parts: number;
  readonly #kept: LRUCache<string, Kept>;
  readonly #flights = new Map<string, Flight>();
  readonly #byTicket = new Map<number, Flight>();
  #nextTicket = 1;
  #recheck = 0;

  constructor(options: KeyBrokerOptions) {
    const { now = () => performance.now(), parts = Infinity } = options;
    this.#options = options;
    this.#now = now;
    this.#parts = parts;
    this.#kept = new LRUCache({ max: options.max });
  }

  /** A ticket: the worker makes the key and tells `made` or `failed`. */
  async ask(worker: WorkerId, question: KeyQuestion): Promise<KeyAnswer> {
    const name = nameOf(question);
    const kept = this.#take(name, question);
    if (kept !== undefined) return { key: kept };
    const flight = this.#flights.get(name);
    if (flight === undefined) return { ticket: this.#begin(name, question, worker, []) };
    if (this.#now() - flight.startedAt >= this.#options.patienceMs) {
      // Its maker hangs, or had given up before it got the ticket.
      this.#end(flight.ticket);
      return { ticket: this.#begin(name, question, worker, flight.waiting) };
    }
    const { promise, resolve, reject } = Promise.withResolvers<KeyAnswer>();
    flight.waiting.push({ worker, resolve, reject });
    return promise;
  }

  made(ticket: number, key: SealedKey): void {
    const flight = this.#end(ticket);
    if (flight === undefined) return;
    const at = this.#now();
    const isLease = flight.question.kind === "lease";
    const endsAt = at + (isLease ? this.#options.leaseMs - key.ageMs : OPENED_MS);
    const { recheck } = flight;
    const verified = recheck === this.#recheck;
    const name = nameOf(flight.question);
    const served = flight.waiting.splice(0, isLease ? this.#parts - 1 : Infinity);
    this.#kept.set(name, { key, recheck, at, endsAt, parts: 1 + served.length });
    for (const { resolve } of served) resolve({ key: { ...key, verified } });
    this.#passOn(flight);
  }

  failed({ ticket, error }: KeyFailure): void {
    const flight = this.#end(ticket);
    for (const { reject } of flight?.waiting ?? []) reject(fromPlain(error));
  }

  /** A lease that its KMS, or the configuration, does not stand for any more. */
  withdraw(name: string, leaseId: number): void {
    const key = nameOf({ kind: "lease", name, replaces: 0 });
    if (this.#kept.peek(key)?.key.leaseId === leaseId) this.#kept.delete(key);
  }

  /**
   * Every KMS is asked again about the keys in use. Keys from before are not handed on, leases only
   * as ones that their KMS is asked about before they wrap: who has them may not use them any more.
   */
  recheck(): void {
    this.#recheck += 1;
  }

  /** A worker has ended: somebody else makes what it was making. */
  gone(worker: WorkerId): void {
    for (const flight of this.#flights.values()) {
      const waiting = flight.waiting.filter((waiter) => waiter.worker !== worker);
      flight.waiting.splice(0, flight.waiting.length, ...waiting);
      if (flight.maker !== worker) continue;
      this.#end(flight.ticket);
      this.#passOn(flight);
    }
  }

  /** The first of those who still wait makes the key for the others. */
  #passOn({ question, waiting }: Flight): void {
    const [next, ...others] = waiting;
    if (next === undefined) return;
    next.resolve({ ticket: this.#begin(nameOf(question), question, next.worker, others) });
  }

  /** What is kept, if it may be handed out once more. */
  #take(name: string, { kind, replaces }: KeyQuestion): SealedKey | undefined {
    const kept = this.#kept.get(name);
    const now = this.#now();
    if (kept === undefined || now >= kept.endsAt) return undefined;
    if (replaces !== 0 && kept.key.leaseId === replaces) return undefined;
    const verified = kept.recheck === this.#recheck;
    if (kind === "opened" && !verified) return undefined;
    if (kind === "lease" && kept.parts >= this.#parts) return undefined;
    kept.parts += 1;
    return { ...kept.key, verified, ageMs: kept.key.ageMs + (now - kept.at) };
  }

  #begin(name: string, question: KeyQuestion, maker: WorkerId, waiting: Flight["waiting"]): number {
    const ticket = this.#nextTicket;
    this.#nextTicket += 1;
    const [recheck, startedAt] = [this.#recheck, this.#now()];
    const flight = { ticket, question, recheck, startedAt, maker, waiting };
    this.#flights.set(name, flight);
    this.#byTicket.set(ticket, flight);
    return ticket;
  }

  #end(ticket: number): Flight | undefined {
    const flight = this.#byTicket.get(ticket);
    if (flight === undefined) return undefined;
    this.#byTicket.delete(ticket);
    this.#flights.delete(nameOf(flight.question));
    return flight;
  }
}

function nameOf({ kind, name }: KeyQuestion): string {
  return `${kind}/${name}`;
}
