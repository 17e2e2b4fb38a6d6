import { Type } from "typebox";
import { renderWrappedKeys } from "../answers/batch.ts";
import { type ApiRoute, apiRoute, entriesIn } from "../api-route.ts";
import { deliverInParts } from "../deliver-in-parts.ts";
import { parseExactly } from "../json.ts";
import type { Call } from "../../keys/ports.ts";
import type { KeyService } from "../../keys/service.ts";
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
    inParts: true,
    serve(exchange, body, text) {
      deliverInParts(exchange, {
        items: body.documentIds.length,
        work: () => wrapAll(keys, exchange, body.documentIds, text),
        render: renderWrappedKeys,
      });
    },
  });
}

async function wrapAll(
  keys: KeyService,
  call: Call,
  sent: readonly DocumentId[],
  text: string,
): ReturnType<KeyService["batchWrap"]> {
  const ids = isExact(sent) ? sent : await exactIds(text);
  return keys.batchWrap(call, [...new Set(ids.map(String))]);
}

/** Ids that are numbers no double can hold, as 64-bit ids often are, have to come as their text. */
function isExact(ids: readonly DocumentId[]): boolean {
  return ids.every((id) => typeof id === "string" || Number.isSafeInteger(id));
}

async function exactIds(text: string): Promise<readonly DocumentId[]> {
  const body = (await parseExactly(text)) as { readonly documentIds: readonly DocumentId[] };
  return body.documentIds;
}
