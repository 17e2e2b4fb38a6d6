import { nextTick } from "node:process";

/** What became of one item: its result, or why it failed. */
export type Outcome = string | Error;

/** Sends several inputs in one request; one outcome per input, in order. */
export type SendBatch = (
  inputs: readonly string[],
  signal: AbortSignal,
) => Promise<readonly Outcome[]>;

interface Item {
  readonly input: string;
  readonly signal: AbortSignal;
  readonly settle: (outcome: Outcome) => void;
}

const MAX_ITEMS = 128;

/**
 * Puts calls that are made at the same time into one request: those of one turn of the event loop,
 * or of less while no request is under way. A caller who gives up leaves; the request ends when the
 * last one has left.
 */
export class Coalescer {
  readonly #send: SendBatch;
  #open: Item[] = [];
  #underWay = 0;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  add(input: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if (typeof outcome === "string") resolve(outcome);
        else reject(outcome);
      };
      if (this.#open.length === 0) this.#openBatch();
      this.#open.push({ input, signal, settle });
      if (this.#open.length === MAX_ITEMS) this.#open = [];
    });
  }

  #openBatch(): void {
    const items: Item[] = [];
    this.#open = items;
    const send = (): void => {
      if (this.#open === items) this.#open = [];
      void this.#run(items);
    };
    // A lone caller pays for the wait and gets nothing for it.
    if (this.#underWay === 0) nextTick(send);
    else setImmediate(send);
    this.#underWay += 1;
  }

  async #run(items: readonly Item[]): Promise<void> {
    const [only] = items;
    const group: Group = items.length === 1 && only ? only : leaveTogether(items);
    const outcomes = await this.#outcomes(items, group.signal);
    group.release?.();
    this.#underWay -= 1;
    for (const [index, { settle }] of items.entries()) {
      settle(outcomes[index] ?? new Error("the batch has no outcome for this item"));
    }
  }

  async #outcomes(items: readonly Item[], signal: AbortSignal): Promise<readonly Outcome[]> {
    try {
      signal.throwIfAborted();
      return await this.#send(
        items.map(({ input }) => input),
        signal,
      );
    } catch (error) {
      const failure = error instanceof Error ? error : new Error("the batch failed");
      return items.map(() => failure);
    }
  }
}

interface Group {
  readonly signal: AbortSignal;
  readonly release?: () => void;
}

/** Settles each item whose own signal fires; the group's signal fires with the last of them. */
function leaveTogether(items: readonly Item[]): Group {
  const controller = new AbortController();
  const settled = new AbortController();
  let waiting = items.length;
  for (const { signal, settle } of items) {
    const leave = (): void => {
      settle(signal.reason as Error);
      waiting -= 1;
      if (waiting === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true, signal: settled.signal });
  }
  return { signal: controller.signal, release: () => settled.abort() };
}
