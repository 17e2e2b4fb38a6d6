import { largestEvent } from "../events/admission.ts";
import type { Call } from "../keys/ports.ts";
import type { Room } from "./calls.ts";

/** A rekey makes two events of one item, and so does a reported use. */
const EVENTS_PER_ITEM = 2;

/** Room for every event that a call with so many items may make; a call without items has one. */
export function roomFor(call: Call, items: number): Room {
  const events = Math.max(items, 1) * EVENTS_PER_ITEM;
  return { events, bytes: events * largestEvent(call) };
}
