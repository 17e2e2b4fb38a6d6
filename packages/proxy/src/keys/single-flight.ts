import { ProxyError } from "../errors.ts";

/** One piece of work per name at a time: whoever comes meanwhile shares its outcome. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** An outcome, a failure too, is forgotten as soon as it is there. */
  run(name: string, start: () => Promise<T>): Promise<T> {
    const running = this.#flights.get(name);
    if (running !== undefined) return running;
    const flight = start().finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return flight;
  }

  /** Settles when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#flights.size > 0) await Promise.allSettled(this.#flights.values());
  }
}

/**
 * Settles like `work`, or rejects when `signal` fires first. The work goes on for the others.
 * @throws ProxyError 208
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => reject(timeIsUp());
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  work.then(resolve, reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

export function timeIsUp(): ProxyError {
  return new ProxyError(
    "KMS_UNREACHABLE",
    "The time of the request was over before the KMS answered. Try again.",
  );
}
