import type { Exchange } from "./exchange.ts";
import type { BatchPlace } from "./overload/batch-gate.ts";

/** Whether anybody still waits for the answer. */
export type Listener = Pick<Exchange, "abandoned">;

export interface WorkInParts<T> {
  /** Things that the request asks for. */
  readonly items: number;
  /** Begun when there is room for so many items. */
  readonly work: () => Promise<T>;
  /** Writes the answer in several turns of the event loop. Wipes the keys in it. */
  readonly render: (value: T, listener: Listener) => Promise<readonly Buffer[]>;
}

/** Does work of many items when there is room for it, and answers with text in parts. */
export function deliverInParts<T>(exchange: Exchange, work: WorkInParts<T>): void {
  exchange.waitFor(deliver(exchange, work));
}

async function deliver<T>(exchange: Exchange, { items, work, render }: WorkInParts<T>) {
  const { signal, stay, tenantId } = exchange;
  const place = await stay.batches.enter(tenantId, items, signal);
  try {
    send(exchange, await render(await work(), exchange), place);
  } catch (error) {
    place.release();
    throw error;
  }
}

function send(exchange: Exchange, parts: readonly Buffer[], place: BatchPlace): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  place.becomes(length);
  exchange.succeedInParts(parts, length, () => place.release());
}
