import { SLOTS, type SlotEntry } from "./slots.ts";

/** The slots come first, then the list of what is in them, up to the end or the first zero. */
export const LIST_AT: number = SLOTS * Float64Array.BYTES_PER_ELEMENT;

/** Room for the longest labels of as many histograms as there are slots for. */
const LIST_BYTES = 128 * 1_024;

/** The size of a mirror. */
export const MIRROR_BYTES: number = LIST_AT + LIST_BYTES;

/** One line of the list. */
export function listLine({ metric, labels, at }: SlotEntry): string {
  return `${JSON.stringify({ metric, labels, at })}\n`;
}

/** All lines that are complete: the writer may have been killed within the last one. */
export function readList(bytes: Uint8Array): readonly SlotEntry[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + LIST_AT).toString("latin1");
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line) as SlotEntry);
}
