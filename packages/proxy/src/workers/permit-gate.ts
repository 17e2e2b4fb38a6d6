import type { Bulkhead } from "../keys/bulkhead.ts";
import { GateError, type GateRefusal } from "../keys/gate.ts";
import type { ToPrimary, ToWorker } from "./calls.ts";
import type { Link } from "./link.ts";

export interface PermitGateOptions {
  readonly link: Link<ToPrimary, ToWorker>;
  /** How long the primary is waited for, in milliseconds: longer than a call may wait there. */
  readonly patienceMs: number;
}

/** Longer than the primary's own deadline, so that it is the one to say why. */
const GRACE_MS = 1_000;

/** Makes a worker's bulkheads where all workers share one limit; see `CallPermits`. */
export function permitGates(
  link: Link<ToPrimary, ToWorker>,
  waitMs: number,
): (name: string) => Bulkhead {
  let ticket = 0;
  const nextTicket = (): number => (ticket += 1);
  const patienceMs = waitMs + GRACE_MS;
  return (name) => new PermitGate(name, nextTicket, { link, patienceMs });
}

/** A worker's end of a bulkhead that is in the primary. Each call is asked for and told the end of. */
class PermitGate implements Bulkhead {
  readonly #name: string;
  readonly #nextTicket: () => number;
  readonly #options: PermitGateOptions;
  /** Permits are alike: whoever leaves gives any of them back. */
  readonly #held: number[] = [];
  readonly #waiting = new Set<(reason: GateRefusal) => void>();
  #closed = false;

  constructor(name: string, nextTicket: () => number, options: PermitGateOptions) {
    this.#name = name;
    this.#nextTicket = nextTicket;
    this.#options = options;
  }

  get inside(): number {
    return this.#held.length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  async enter(signal?: AbortSignal): Promise<void> {
    if (this.#closed) throw new GateError("CLOSED");
    if (signal?.aborted === true) throw new GateError("ABORTED");
    const refusal = await this.#ask(this.#nextTicket(), signal);
    if (refusal !== undefined) throw new GateError(refusal);
  }

  leave(): void {
    const ticket = this.#held.pop();
    if (ticket !== undefined) this.#options.link.tell("permitOver", { ticket });
  }

  close(): void {
    this.#closed = true;
    for (const giveUp of this.#waiting) giveUp("CLOSED");
  }

  #ask(ticket: number, signal: AbortSignal | undefined): Promise<GateRefusal | undefined> {
    const { link, patienceMs } = this.#options;
    return new Promise((resolve) => {
      const settle = (refusal: GateRefusal | undefined): boolean => {
        if (!this.#waiting.delete(giveUp)) return false;
        signal?.removeEventListener("abort", onAbort);
        if (refusal === undefined) this.#held.push(ticket);
        resolve(refusal);
        return true;
      };
      // A permit that is on its way comes for nobody: telling its end takes it back.
      const giveUp = (reason: GateRefusal): void => {
        if (settle(reason)) link.tell("permitOver", { ticket });
      };
      const onAbort = (): void => giveUp("ABORTED");
      this.#waiting.add(giveUp);
      signal?.addEventListener("abort", onAbort, { once: true });
      link.ask("permit", { name: this.#name, ticket }, patienceMs).then(
        ({ refused }) => settle(refused),
        () => giveUp("WAITED_TOO_LONG"),
      );
    });
  }
}
