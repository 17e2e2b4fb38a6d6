import { isRecord } from "./members.ts";
import type { SecretReference } from "./model.ts";

export function isReference(value: object): value is SecretReference {
  return "fromFile" in value || "fromEnv" in value;
}

/** The files that a credentials object refers to, as written. */
export function referencedFiles(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencedFiles);
  if (!isRecord(value)) return [];
  if (isReference(value)) return "fromFile" in value ? [value.fromFile] : [];
  return Object.values(value).flatMap(referencedFiles);
}
