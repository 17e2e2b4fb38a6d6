export interface EventLineOptions {
  /** Events of others give nothing. */
  readonly tenantId?: string | undefined;
  /** The event as it was received, instead of the readable form. */
  readonly json?: boolean;
}

/** One received event as one line for the screen, without its line end. */
export function eventLine(text: string, options: EventLineOptions = {}): string | undefined {
  const event = parsed(text);
  if (event === undefined) return options.tenantId === undefined ? safe(text) : undefined;
  if (options.tenantId !== undefined && event["tenantId"] !== options.tenantId) return undefined;
  // Stringified again: a sender we do not know may break lines inside its JSON.
  return options.json === true ? withoutControls(JSON.stringify(event)) : readable(event);
}

function readable(event: Readonly<Record<string, unknown>>): string {
  const { event: name, tspRayId, requestingId, ...fields } = membersOf(event["iclFields"]);
  const { timestamp, tenantId, count } = event;
  const more = { ...fields, ...membersOf(event["customFields"]), ray: tspRayId };
  const times = count === undefined ? "" : ` ×${safe(count)}`;
  const pairs = Object.entries(more).map(([key, value]) => `${safe(key)}=${safe(value)}`);
  const columns = [safe(timestamp), safe(tenantId), `${safe(name)}${times}`];
  return [...columns, `by ${safe(requestingId)}`, pairs.join(" ")].join("  ");
}

/**
 * Callers choose these texts, and a terminal obeys control characters: whatever is not plain
 * becomes a JSON string.
 */
function safe(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text !== undefined && /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text) && !text.includes('"')) {
    return text;
  }
  return withoutControls(JSON.stringify(text ?? ""));
}

/** For JSON text, which means the same afterwards. */
function withoutControls(json: string): string {
  return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
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
