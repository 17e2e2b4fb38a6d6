import { plainText, withoutControls } from "./plain-text.ts";

export interface EventLineOptions {
  /** Events of others give nothing. */
  readonly tenantId?: string | undefined;
  /** The event as it was received, instead of the readable form. */
  readonly json?: boolean;
}

/** One received event as one line for the screen, without its line end. */
export function eventLine(text: string, options: EventLineOptions = {}): string | undefined {
  const event = parsed(text);
  if (event === undefined) return options.tenantId === undefined ? plainText(text) : undefined;
  if (options.tenantId !== undefined && event["tenantId"] !== options.tenantId) return undefined;
  // Stringified again: a sender we do not know may break lines inside its JSON.
  return options.json === true ? withoutControls(JSON.stringify(event)) : readable(event);
}

function readable(event: Readonly<Record<string, unknown>>): string {
  const { event: name, tspRayId, requestingId, ...fields } = membersOf(event["iclFields"]);
  const { timestamp, tenantId, count } = event;
  const more = { ...fields, ...membersOf(event["customFields"]), ray: tspRayId };
  const times = count === undefined ? "" : ` ×${plainText(count)}`;
  const pairs = Object.entries(more).map(([key, value]) => `${plainText(key)}=${plainText(value)}`);
  const columns = [plainText(timestamp), plainText(tenantId), `${plainText(name)}${times}`];
  return [...columns, `by ${plainText(requestingId)}`, pairs.join(" ")].join("  ");
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const event = membersOf(JSON.parse(text));
    return typeof event["iclFields"] === "object" ? event : undefined;
  } catch {
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
