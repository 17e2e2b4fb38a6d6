import { isUtf8 } from "node:buffer";
import { httpRefusal } from "./http-refusal.ts";

/**
 * The value of a JSON text in strict UTF-8; a byte order mark is skipped.
 * @throws ProxyError 102
 */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw httpRefusal(400, "The body is not valid UTF-8: send JSON in UTF-8");
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    // What the parser says quotes the body.
    throw httpRefusal(400, "The body is not valid JSON: send one JSON object");
  }
}

/** The same value again, with whole numbers that no double holds as their decimal text. */
export function parseExactly(bytes: Buffer): unknown {
  return JSON.parse(textOf(bytes), keepDigits as Reviver);
}

type Reviver = Parameters<typeof JSON.parse>[1];

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source = "" } = context;
  return /^-?\d+$/.test(source) ? source : value;
}

function textOf(bytes: Buffer): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString("utf8", marked ? 3 : 0);
}
