import { ProxyError } from "../errors.ts";
import type { Call } from "../keys/ports.ts";
import { callerParts, type EventDetails, MAX_EVENT_BYTES, serializeEvent } from "./event.ts";

/** More than all the fixed text of an event: member names, timestamp, ray id, reported use. */
const FRAME_BYTES = 640;

/** `\u0000` is the longest that JSON makes of one UTF-16 unit; UTF-8 alone needs three at most. */
const BYTES_PER_UNIT = 6;

/** Quotes, colon and comma around one custom field are six bytes, hence one unit. */
const UNITS_PER_FIELD = 1;

/**
 * Refuses an event of this call that would be longer than 64 KiB.
 * @throws ProxyError 102 with HTTP status 413
 */
export function admitEvent(call: Call, event: EventDetails): void {
  // Nearly every call is so small that no escaping could make it too long.
  if (FRAME_BYTES + unitsOf(call, event) * BYTES_PER_UNIT <= MAX_EVENT_BYTES) return;
  const bytes = Buffer.byteLength(serializeEvent(callerParts(call), event));
  if (bytes <= MAX_EVENT_BYTES) return;
  throw new ProxyError(
    "INVALID_REQUEST_BODY",
    `The security event of this request would be ${bytes} bytes long, the limit is ` +
      `${MAX_EVENT_BYTES}: shorten iclFields or customFields`,
    { http: 413 },
  );
}

/** Bytes that no event of this call exceeds, whatever its name and time. */
export function largestEvent(call: Call): number {
  const units = unitsOf(call, { tenantId: call.tenantId, name: "", timestamp: "" });
  return Math.min(FRAME_BYTES + units * BYTES_PER_UNIT, MAX_EVENT_BYTES);
}

function unitsOf(call: Call, { tenantId, name }: EventDetails): number {
  const { dataLabel, requestId, requestingId, sourceIp, objectId } = call.iclFields;
  let units = tenantId.length + name.length + requestingId.length;
  units += lengthOf(dataLabel) + lengthOf(requestId) + lengthOf(sourceIp) + lengthOf(objectId);
  for (const field in call.customFields) {
    units += field.length + lengthOf(call.customFields[field]) + UNITS_PER_FIELD;
  }
  return units;
}

function lengthOf(text: string | null | undefined): number {
  return text?.length ?? 0;
}
