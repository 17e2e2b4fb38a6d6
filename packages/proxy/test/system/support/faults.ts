import type { Answer } from "@tenant-security/testkit";
import { STATUS } from "../../../src/status.ts";

const CODES = new Set<unknown>(Object.values(STATUS));
const KEY_MEMBERS = ["dek", "edek", "keys", "derivedKeys"];

/**
 * What is wrong with an answer to a hostile request, `undefined` for nothing: a success without a
 * code, or a refusal with a 4xx, a known code other than 100 and a message. A success that holds a
 * key must hold `dek`, when that is given.
 */
export function faultOf({ status, json, text }: Answer, dek?: string): string | undefined {
  const shown = `${status} ${text.slice(0, 300)}`;
  const members = (typeof json === "object" && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  if (status === 200) {
    if ("code" in members) return `a success with a code: ${shown}`;
    return dek === undefined || members["dek"] === dek ? undefined : `a wrong key: ${status}`;
  }
  if (status < 400 || status > 499) return `neither success nor refusal: ${shown}`;
  const { code, message } = members;
  if (!CODES.has(code) || code === STATUS.UNKNOWN_ERROR) return `no code of a refusal: ${shown}`;
  if (typeof message !== "string" || message.trim() === "") return `no message: ${shown}`;
  return KEY_MEMBERS.some((name) => name in members)
    ? `a refusal with a key: ${status}`
    : undefined;
}
