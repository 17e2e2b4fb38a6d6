import { renderDek } from "../answers/key.ts";
import { type ApiRoute, apiRoute } from "../api-route.ts";
import { deliver } from "../deliver.ts";
import { ANSWERS } from "../schemas/answers.ts";
import { EDEK } from "../schemas/edek.ts";
import type { RouteParts } from "./parts.ts";

export function unwrapRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/unwrap",
    summary: "Unwraps a document key with the tenant's KMS",
    members: { encryptedDocumentKey: EDEK },
    answer: ANSWERS.dek,
    serve: (exchange, { encryptedDocumentKey }) =>
      deliver(exchange, keys.unwrap(exchange, encryptedDocumentKey), renderDek),
  });
}
