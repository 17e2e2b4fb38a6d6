import { ProxyError } from "../../src/errors.ts";
import type { Call, MaybePromise } from "../../src/keys/ports.ts";
import type { EventSink } from "../../src/events/sink.ts";

/** A queue of the given size that keeps what it takes, for looking at. */
export class KeptEvents implements EventSink {
  readonly taken: string[] = [];
  dropped = 0;
  readonly #room: number;

  constructor(room: number = Number.POSITIVE_INFINITY) {
    this.#room = room;
  }

  get full(): boolean {
    return this.taken.length >= this.#room;
  }

  offer(event: string): boolean {
    const taken = this.tryOffer(event);
    if (!taken) this.miss();
    return taken;
  }

  tryOffer(event: string): boolean {
    if (this.full) return false;
    this.taken.push(event);
    return true;
  }

  miss(): void {
    this.dropped += 1;
  }

  get parsed(): Record<string, unknown>[] {
    return this.taken.map((text) => JSON.parse(text));
  }
}

export function aCall(change: Partial<Call> = {}): Call {
  return {
    tenantId: "acme",
    rayId: "q8Zr0yX-5uWb2LfT",
    iclFields: { requestingId: "user-17" },
    customFields: {},
    signal: AbortSignal.timeout(60_000),
    abandoned: false,
    ...change,
  };
}

/** Code and HTTP status of the refusal that `act` ends in. */
export async function codeOf(act: () => MaybePromise<void>): Promise<[code: number, http: number]> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ProxyError) return [error.toJSON().code, error.http];
    throw error;
  }
  throw new Error("nothing was refused");
}
