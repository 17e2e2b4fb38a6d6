import type { Parsed } from "./bind-address.ts";

const MIN_LENGTH = 16;
// Both forms of one header have to fit into the 64 KiB that Node reads of all headers.
const MAX_LENGTH = 1_024;

const FORM = `${MIN_LENGTH} to ${MAX_LENGTH} visible ASCII characters without blanks`;

/** A key as existing deployments may have it. The text never appears in what is expected. */
export function parseApiKey(text: string): Parsed<string> {
  if (!/^[\x21-\x7e]*$/.test(text)) return { expected: `${FORM}; it holds other characters` };
  if (text.length < MIN_LENGTH) return { expected: `${FORM}; it has only ${text.length}` };
  if (text.length > MAX_LENGTH) return { expected: `${FORM}; it has ${text.length}` };
  return { value: text };
}

/** Whether Alloy clients accept the key: padded base64 of at least 12 bytes. */
export function isAlloyKey(key: string): boolean {
  const bytes = Buffer.from(key, "base64");
  return bytes.byteLength >= 12 && bytes.toString("base64") === key;
}
