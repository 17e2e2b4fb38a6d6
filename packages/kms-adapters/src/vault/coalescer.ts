/** What became of one item: its result, or why it failed. */
export type Outcome = string | Error;

/** Sends several inputs in one request; one outcome per input, in order. */
export type SendBatch = (
  inputs: readonly string[],
  signal: AbortSignal,
) => Promise<readonly Outcome[]>;

interface Item {
  readonly input: string;
  readonly settle: (outcome: Outcome) => void;
}

interface Batch {
  readonly items: Item[];
  readonly controller: AbortController;
  waiting: number;
}

const MAX_ITEMS = 128;

/**
 * Puts calls that are made in the same turn of the event loop into one request. A caller who gives
 * up leaves; the request ends when the last one has left.
 */
export class Coalescer {
  readonly #send: SendBatch;
  #open: Batch | undefined;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  add(input: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const batch = this.#batch();
      const leave = (): void => {
        reject(signal.reason as Error);
        batch.waiting -= 1;
        if (batch.waiting === 0) batch.controller.abort(signal.reason);
      };
      const settle = (outcome: Outcome): void => {
        signal.removeEventListener("abort", leave);
        if (typeof outcome === "string") resolve(outcome);
        else reject(outcome);
      };
      batch.items.push({ input, settle });
      batch.waiting += 1;
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      if (batch.items.length === MAX_ITEMS) this.#open = undefined;
    });
  }

  #batch(): Batch {
    if (this.#open !== undefined) return this.#open;
    const batch: Batch = { items: [], controller: new AbortController(), waiting: 0 };
    this.#open = batch;
    setImmediate(() => {
      if (this.#open === batch) this.#open = undefined;
      void this.#run(batch);
    });
    return batch;
  }

  async #run({ items, controller: { signal } }: Batch): Promise<void> {
    const inputs = items.map(({ input }) => input);
    const outcomes = signal.aborted ? [] : await this.#outcomes(inputs, signal);
    for (const [index, { settle }] of items.entries()) {
      settle(outcomes[index] ?? new Error("the batch was given up"));
    }
  }

  async #outcomes(inputs: readonly string[], signal: AbortSignal): Promise<readonly Outcome[]> {
    try {
      return await this.#send(inputs, signal);
    } catch (error) {
      return inputs.map(() => (error instanceof Error ? error : new Error("batch failed")));
    }
  }
}
