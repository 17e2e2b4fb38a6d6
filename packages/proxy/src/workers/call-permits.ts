import { Gate, GateError, type GateOptions } from "../keys/gate.ts";
import type { PermitAnswer, PermitQuestion } from "./calls.ts";
import type { WorkerId } from "./key-broker.ts";

interface Asked {
  readonly gate: Gate;
  readonly name: string;
  /** Nobody wants it any more. */
  readonly over: AbortController;
  granted: boolean;
}

/**
 * One bulkhead for all workers before each KMS, where the limits are too small to be divided. Who
 * asks first is first to call, whichever worker it is of. There is a gate only for a KMS that
 * somebody calls, and each is bounded as in one process.
 */
export class CallPermits {
  readonly #limits: GateOptions;
  readonly #gates = new Map<string, Gate>();
  readonly #asked = new Map<WorkerId, Map<number, Asked>>();
  readonly #ended = new WeakSet<WorkerId>();

  /** `limits` are those of each KMS. */
  constructor(limits: GateOptions) {
    this.#limits = limits;
  }

  /** KMS that somebody calls, or waits for. */
  get size(): number {
    return this.#gates.size;
  }

  /** Answers when the call may begin, or why it may not. */
  async ask(worker: WorkerId, { name, ticket }: PermitQuestion): Promise<PermitAnswer> {
    // The last words of one that has ended: nobody would give the permit back.
    if (this.#ended.has(worker)) return { refused: "CLOSED" };
    const asked = this.#note(worker, name, ticket);
    const { gate, over } = asked;
    try {
      await gate.enter(over.signal);
    } catch (error) {
      this.#forget(worker, ticket, asked);
      if (error instanceof GateError) return { refused: error.reason };
      throw error;
    }
    asked.granted = true;
    if (!over.signal.aborted) return { refused: undefined };
    // It was let in and given up in one turn.
    this.#leave(asked);
    return { refused: "ABORTED" };
  }

  /** A call is over, or nobody waits for its permit any more. */
  end(worker: WorkerId, ticket: number): void {
    const asked = this.#asked.get(worker)?.get(ticket);
    if (asked === undefined) return;
    this.#forget(worker, ticket, asked);
    if (asked.granted) this.#leave(asked);
    else asked.over.abort();
  }

  /** A worker has ended: its permits are free. */
  gone(worker: WorkerId): void {
    this.#ended.add(worker);
    for (const ticket of this.#asked.get(worker)?.keys() ?? []) this.end(worker, ticket);
    this.#asked.delete(worker);
  }

  #note(worker: WorkerId, name: string, ticket: number): Asked {
    const gate = this.#gates.get(name) ?? new Gate(this.#limits);
    this.#gates.set(name, gate);
    const asked = { gate, name, over: new AbortController(), granted: false };
    const ofWorker = this.#asked.get(worker) ?? new Map<number, Asked>();
    this.#asked.set(worker, ofWorker.set(ticket, asked));
    return asked;
  }

  #leave({ gate, name }: Asked): void {
    gate.leave();
    this.#tidy(name, gate);
  }

  #forget(worker: WorkerId, ticket: number, { gate, name }: Asked): void {
    this.#asked.get(worker)?.delete(ticket);
    this.#tidy(name, gate);
  }

  #tidy(name: string, gate: Gate): void {
    const idle = gate.inside === 0 && gate.waiting === 0;
    if (idle && this.#gates.get(name) === gate) this.#gates.delete(name);
  }
}
