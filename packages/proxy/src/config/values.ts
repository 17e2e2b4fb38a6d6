import type { Parsed } from "./bind-address.ts";
import type { IntegerSetting, WorkersSetting } from "./setting.ts";

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** Decimal digits and nothing else: no sign, blank, exponent, prefix or leading zero. */
export function parseInteger(
  text: string,
  { min, max }: Pick<IntegerSetting | WorkersSetting, "min" | "max">,
): Parsed<number> {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return { value };
  return { expected: `a whole number from ${min} to ${max}, in digits` };
}

/** `true` or `false` in any case, `1` or `0`. */
export function parseBoolean(text: string): Parsed<boolean> {
  const value = WORDS.get(text.toLowerCase());
  return value === undefined ? { expected: "true or false" } : { value };
}

/** One of a set of words, in any case. */
export function parseChoice<Word extends string>(
  text: string,
  choices: readonly Word[],
): Parsed<Word> {
  const value = choices.find((choice) => choice === text.toLowerCase());
  return value === undefined ? { expected: `one of ${choices.join(", ")}` } : { value };
}

/**
 * What was found, for people: in quotes, control characters escaped, cut after 60 characters.
 * Never called with a secret.
 */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
