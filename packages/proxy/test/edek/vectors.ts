import { readFileSync } from "node:fs";

/** A committed file of `test-vectors/`. */
export function readVectors(name: string): unknown {
  const url = new URL(`../../../../test-vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

/** Bytes from hexadecimal digits; blanks group them for the reader. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}
