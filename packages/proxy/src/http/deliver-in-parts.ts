import { nobodyWaits } from "../keys/abandoned.ts";
import type { Exchange } from "./exchange.ts";
import type { BatchPlace } from "./overload/batch-gate.ts";

/** An answer that is not longer than this is written as any other. */
const SHORT_BYTES = 16 * 1_024;

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
    await send(exchange, await render(await work(), exchange), place);
  } catch (error) {
    place.release();
    throw error;
  }
}

async function send(
  exchange: Exchange,
  parts: readonly Buffer[],
  place: BatchPlace,
): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  place.becomes(length);
  const short = length <= SHORT_BYTES;
  if (!short) await exchange.recorded();
  if (exchange.abandoned) throw nobodyWaits();
  // When all of it has left this process, or the client has; never when there is another answer.
  const sent = (): void => place.release();
  exchange.stay.onLeave(sent);
  exchange.onFlushed(sent);
  // Each character is one byte, whatever the text says.
  if (short) exchange.succeed(Buffer.concat(parts, length).toString("latin1"));
  else exchange.succeedInParts(parts, length);
}
