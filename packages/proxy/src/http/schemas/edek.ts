import { type TString, Type } from "typebox";

/** A wrapped key in a request. An empty one is no EDEK either, which the use case says. */
export const EDEK: TString = Type.String({
  contentEncoding: "base64",
  description: "A serialized EncryptedDeks message in base64, as it was given back",
});
