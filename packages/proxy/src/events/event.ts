import type { Call } from "../keys/ports.ts";

/** Upper bound of one serialised event, in bytes of UTF-8. */
export const MAX_EVENT_BYTES: number = 64 * 1_024;

/** What tells one event of a call from the next. */
export interface EventDetails {
  /** `DATA_ENCRYPT` and its like, or whatever name an application chose. */
  readonly name: string;
  readonly tenantId: string;
  /** ISO-8601 with milliseconds and `Z`. */
  readonly timestamp: string;
  /** Only on reported operations: how many uses of one key this event stands for. */
  readonly reported?: ReportedUse | undefined;
}

export interface ReportedUse {
  readonly count: number;
  /** Lower-case hex of SHA-256 over the EDEK's text as the client sent it. */
  readonly edekSha256: string;
}

/** The parts of an event that all events of one call share, serialised once. */
export interface CallerParts {
  /** Members of `iclFields` that the caller set, each followed by a comma. */
  readonly iclFields: string;
  /** From `tspRayId` to the last brace. */
  readonly tail: string;
}

export function callerParts(call: Call): CallerParts {
  const { dataLabel, requestId, requestingId, sourceIp, objectId } = call.iclFields;
  const iclFields =
    member("dataLabel", dataLabel) +
    member("requestId", requestId) +
    member("requestingId", requestingId) +
    member("sourceIp", sourceIp) +
    member("objectId", objectId);
  const customFields = JSON.stringify(call.customFields);
  return { iclFields, tail: `,"tspRayId":"${call.rayId}"},"customFields":${customFields}}` };
}

/**
 * One event as JSON, in the shape of `docs/security-event.schema.json`. Joined from text, because
 * this runs once for every use of a key.
 */
export function serializeEvent(caller: CallerParts, event: EventDetails): string {
  const { name, tenantId, timestamp, reported } = event;
  const use =
    reported === undefined
      ? ""
      : `"count":${reported.count},"edekSha256":"${reported.edekSha256}",`;
  return (
    `{"v":1,"tenantId":${JSON.stringify(tenantId)},"timestamp":"${timestamp}",${use}` +
    `"iclFields":{${caller.iclFields}"event":${JSON.stringify(name)}${caller.tail}`
  );
}

function member(name: string, value: string | null | undefined): string {
  return value === undefined || value === null ? "" : `"${name}":${JSON.stringify(value)},`;
}
