import { isUtf8 } from "node:buffer";
import type { ProxyError } from "../errors.ts";
import { parseExactJson, type Reviver } from "./exact-json.ts";
import { httpRefusal } from "./http-refusal.ts";
import { parseInTurns } from "./json-in-turns.ts";

/**
 * The text of a body in strict UTF-8, without a byte order mark.
 * @throws ProxyError 102
 */
export function decodeText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw httpRefusal(400, "The body is not valid UTF-8: send JSON in UTF-8");
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString("utf8", marked ? 3 : 0);
}

/**
 * The value of a JSON text.
 * @throws ProxyError 102
 */
export function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw notJson();
  }
}

/**
 * The same for a long text, in several turns of the event loop.
 * @throws ProxyError 102
 */
export async function parseLongJson(text: string): Promise<unknown> {
  try {
    return await parseInTurns(text);
  } catch {
    throw notJson();
  }
}

/** What the parser says quotes the body. */
function notJson(): ProxyError {
  return httpRefusal(400, "The body is not valid JSON: send one JSON object");
}

/** The same value again, with whole numbers that no double holds as their decimal text. */
export function parseExactly(text: string): Promise<unknown> {
  return parseInTurns(text, (piece) => parseExactJson(piece, keepDigits as Reviver), EXACT_LENGTH);
}

/** Parsing with a reviver takes ten times as long. */
const EXACT_LENGTH = 16_384;

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source = "" } = context;
  return /^-?\d+$/.test(source) ? source : value;
}
