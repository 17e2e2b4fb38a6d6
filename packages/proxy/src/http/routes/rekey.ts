import { renderWrappedKey } from "../answers/key.ts";
import { type ApiRoute, apiRoute } from "../api-route.ts";
import { deliver } from "../deliver.ts";
import { ANSWERS } from "../schemas/answers.ts";
import { EDEK } from "../schemas/edek.ts";
import { requiredText } from "../schemas/metadata.ts";
import type { RouteParts } from "./parts.ts";

export function rekeyRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/rekey",
    summary: "Unwraps a document key and wraps the same key again, for the same or another tenant",
    members: {
      encryptedDocumentKey: EDEK,
      newTenantId: requiredText("Whose primary KMS configuration wraps the key"),
    },
    answer: ANSWERS.wrappedKey,
    serve: (exchange, { encryptedDocumentKey, newTenantId }) =>
      deliver(exchange, keys.rekey(exchange, encryptedDocumentKey, newTenantId), renderWrappedKey),
  });
}
