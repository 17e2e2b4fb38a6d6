import { isRecord } from "./members.ts";
import type { SecretReference } from "./model.ts";

/** What a member turned out to be, or what would have been right. Never shows a value. */
export type Read<T> = { readonly value: T } | { readonly expected: string };

/** In UTF-16 units. Drivers are stricter; this only keeps nonsense out of memory. */
const MAX_TEXT = 65_536;

/** Longest path on the systems that we run on. */
const MAX_NAME = 4_096;

/** What the proxy guards for itself and no KMS has a use for. */
const OWN_SECRETS: ReadonlySet<string> = new Set([
  "API_KEY",
  "API_KEY_2",
  "SERVICE_ENCRYPTION_PRIVATE_KEY",
  "SERVICE_SIGNING_PRIVATE_KEY",
]);

/** Why nothing sealed can be used yet. */
export const SEALED: string =
  "sealed credentials need the Configuration Broker, which this version does not have";

export function readText(value: unknown): Read<string> {
  if (typeof value === "number" || typeof value === "boolean") {
    return { expected: "expected text; put it in quotes" };
  }
  if (typeof value !== "string") return { expected: "expected text" };
  if (value === "") return { expected: "expected text, found an empty one" };
  if (value.length > MAX_TEXT) return { expected: `expected at most ${MAX_TEXT} characters` };
  return { value };
}

/** A text of its own, or a reference to one. */
export function readSecretText(value: unknown): Read<string | SecretReference> {
  return isRecord(value) ? readReference(value) : readText(value);
}

/** `{ fromFile }` or `{ fromEnv }` and nothing else. */
export function readReference(value: unknown): Read<SecretReference> {
  if (!isRecord(value)) return { expected: "expected { fromFile: … } or { fromEnv: … }" };
  const [[name, source] = [], ...others] = Object.entries(value);
  if (name === "sealed") return { expected: SEALED };
  if (others.length > 0 || (name !== "fromFile" && name !== "fromEnv")) {
    return { expected: "expected text, { fromFile: … } or { fromEnv: … }" };
  }
  if (typeof source !== "string" || !isName(source)) {
    return { expected: `expected ${name} to name a ${name === "fromFile" ? "file" : "variable"}` };
  }
  if (name === "fromFile") return { value: { fromFile: source } };
  if (OWN_SECRETS.has(source)) return { expected: `expected fromEnv not to name ${source}` };
  return { value: { fromEnv: source } };
}

function isName(text: string): boolean {
  return text !== "" && text.length <= MAX_NAME && !text.includes("\0");
}
