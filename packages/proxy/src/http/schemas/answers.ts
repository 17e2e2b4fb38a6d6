import { type TSchema, Type } from "typebox";
import { STATUS } from "../../status.ts";

const base64 = (description: string): TSchema =>
  Type.String({ contentEncoding: "base64", description });

const dek = base64("The document encryption key, 32 bytes");
const edek = base64("The same key wrapped: a serialized EncryptedDeks message");

const failure = Type.Object({
  code: Type.Unsafe<number>({ type: "integer", enum: Object.values(STATUS) }),
  message: Type.String({ minLength: 1, description: "What went wrong and what to do" }),
});

const mapOf = (additionalProperties: TSchema, description: string): TSchema =>
  Type.Object({}, { additionalProperties, description });

const batchOf = (key: TSchema): TSchema =>
  Type.Object({
    keys: mapOf(key, "By document id"),
    failures: mapOf(failure, "By document id; no id is in both maps"),
  });

const derivedKey = Type.Object({
  derivedKey: base64("HMAC of the tenant's id, a hyphen and the derivation path"),
  tenantSecretId: Type.Integer({ minimum: 1, maximum: 4_294_967_295 }),
  current: Type.Boolean({ description: "Whether the tenant secret is the current one" }),
});

export interface Answers {
  readonly dek: TSchema;
  readonly wrappedKey: TSchema;
  readonly wrappedKeys: TSchema;
  readonly deks: TSchema;
  readonly derivedKeys: TSchema;
  readonly nothing: TSchema;
  readonly failure: TSchema;
}

/** What each answer holds; for the OpenAPI document, as answers are joined from text. */
export const ANSWERS: Answers = {
  dek: Type.Object({ dek }),
  wrappedKey: Type.Object({ dek, edek }),
  wrappedKeys: batchOf(Type.Object({ dek, edek })),
  deks: batchOf(Type.Object({ dek })),
  derivedKeys: Type.Object({
    hasPrimaryConfig: Type.Boolean({ description: "False: existing secrets only" }),
    derivedKeys: mapOf(
      mapOf(Type.Array(derivedKey), "By derivation path; the current key comes first"),
      "By secret path",
    ),
  }),
  nothing: Type.Null({ description: "The four bytes `null`" }),
  failure,
};
