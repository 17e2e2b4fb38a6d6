import { Type } from "typebox";
import { renderWrappedKeys } from "../answers/batch.ts";
import { type ApiRoute, apiRoute, entriesIn } from "../api-route.ts";
import { deliverInParts } from "../deliver.ts";
import { parseExactly } from "../json.ts";
import { ANSWERS } from "../schemas/answers.ts";
import type { RouteParts } from "./parts.ts";

type DocumentId = string | number;

const documentIds = Type.Unsafe<readonly DocumentId[]>({
  type: "array",
  items: { type: ["string", "number"] },
  description: "Any texts; numbers stand for their decimal text",
});

export function batchWrapRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/batch-wrap",
    summary: "Makes and wraps one document key for each id; one failure leaves the others alone",
    members: { documentIds },
    answer: ANSWERS.wrappedKeys,
    itemsOf: (body) => entriesIn(body["documentIds"]),
    serve(exchange, body, text) {
      const ids = [...new Set(exact(body.documentIds, text).map(String))];
      deliverInParts(exchange, keys.batchWrap(exchange, ids), renderWrappedKeys);
    },
  });
}

/** Ids that are numbers no double can hold, as 64-bit ids often are, come as their text. */
function exact(ids: readonly DocumentId[], text: string): readonly DocumentId[] {
  if (ids.every((id) => typeof id === "string" || Number.isSafeInteger(id))) return ids;
  return (parseExactly(text) as { readonly documentIds: readonly DocumentId[] }).documentIds;
}
