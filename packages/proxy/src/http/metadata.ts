import type { Static, TObject } from "typebox";
import type { Call, IclFields } from "../keys/ports.ts";
import type { MetadataProperties, SentCustomFields } from "./schemas/metadata.ts";

export type SentMetadata = Static<TObject<MetadataProperties>>;

type CustomFields = Call["customFields"];

export const NO_CUSTOM_FIELDS: CustomFields = Object.freeze({});

/** The caller's fields without the nulls that some clients send for what they do not set. */
export function iclFieldsOf(sent: SentMetadata["iclFields"]): IclFields {
  return {
    requestingId: sent.requestingId,
    dataLabel: sent.dataLabel ?? undefined,
    sourceIp: sent.sourceIp ?? undefined,
    objectId: sent.objectId ?? undefined,
    requestId: sent.requestId ?? undefined,
  };
}

export function customFieldsOf(sent: SentCustomFields | undefined): CustomFields {
  if (sent === undefined || sent === null || Array.isArray(sent)) return NO_CUSTOM_FIELDS;
  const fields = sent as Readonly<Record<string, string | null>>;
  let count = 0;
  let nulls = 0;
  for (const name in fields) {
    count += 1;
    if (fields[name] === null) nulls += 1;
  }
  if (count === nulls) return NO_CUSTOM_FIELDS;
  if (nulls === 0) return fields as CustomFields;
  // Defines members, so that a field called `__proto__` stays a field.
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
