import { type TObject, type TOptional, type TString, type TUnsafe, Type } from "typebox";

/** Text that clients leave out, or send as null, when they have nothing to say. */
export type OptionalText = TOptional<TUnsafe<string | null>>;

export type IclProperties = {
  requestingId: TString;
  dataLabel: OptionalText;
  sourceIp: OptionalText;
  objectId: OptionalText;
  requestId: OptionalText;
};

/** `customFields` as sent: PHP's empty map is an empty array. */
export type SentCustomFields = Readonly<Record<string, string | null>> | readonly [] | null;

export type MetadataProperties = {
  tenantId: TString;
  iclFields: TObject<IclProperties>;
  customFields: TOptional<TUnsafe<SentCustomFields>>;
};

export function optionalText(description: string): OptionalText {
  return Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], description }));
}

/** Text that must be there and must not be empty. */
export function requiredText(description: string): TString {
  return Type.String({ minLength: 1, description });
}

export const ICL_PROPERTIES: IclProperties = {
  requestingId: requiredText("The user or service that asks"),
  dataLabel: optionalText("Classification of the data"),
  sourceIp: optionalText("Where the request came from, as free text"),
  objectId: optionalText("The object that the key belongs to"),
  requestId: optionalText("The application's own id of the request"),
};

/** What every request has beside its own members. */
export const METADATA: MetadataProperties = {
  tenantId: requiredText("The vendor's own id of the tenant"),
  iclFields: Type.Object(ICL_PROPERTIES),
  customFields: Type.Optional(
    Type.Unsafe<SentCustomFields>({
      type: ["object", "array", "null"],
      additionalProperties: { type: ["string", "null"] },
      maxItems: 0,
      description: "Whatever else belongs into the security event; null values are dropped",
    }),
  ),
};
