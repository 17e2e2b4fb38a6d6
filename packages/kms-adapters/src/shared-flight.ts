/** Work that many wait for: one run at a time, and whoever gives up leaves alone. */
export class SharedFlight<T> {
  readonly #run: () => Promise<T>;
  #flight: Promise<T> | undefined;

  /** `run` has a deadline of its own: it goes on when all who waited have left. */
  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  get underWay(): boolean {
    return this.#flight !== undefined;
  }

  /** Waits for the run under way, or starts one. */
  start(): Promise<T> {
    this.#flight ??= this.#run().finally(() => (this.#flight = undefined));
    return this.#flight;
  }

  /** The same until `signal` fires; then rejects with its reason. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([this.start(), gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}
