import { Type } from "typebox";
import { renderDeks } from "../answers/batch.ts";
import { type ApiRoute, apiRoute, entriesIn } from "../api-route.ts";
import { deliverInParts } from "../deliver-in-parts.ts";
import { ANSWERS } from "../schemas/answers.ts";
import { EDEK } from "../schemas/edek.ts";
import type { RouteParts } from "./parts.ts";

type SentEdeks = Readonly<Record<string, string>> | readonly string[];

// PHP writes a map whose keys are 0, 1, 2 … as an array.
const edeks = Type.Unsafe<SentEdeks>({
  type: ["object", "array"],
  additionalProperties: EDEK,
  items: EDEK,
  description: "Document id to EDEK; an array is a map from its indices",
});

export function batchUnwrapRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/batch-unwrap",
    summary: "Unwraps document keys; one failure leaves the others alone",
    members: { edeks },
    answer: ANSWERS.deks,
    itemsOf: (body) => entriesIn(body["edeks"]),
    inParts: true,
    serve(exchange, body) {
      const ids = Object.keys(body.edeks);
      const wanted = entriesOf(body.edeks, ids);
      deliverInParts(exchange, {
        items: ids.length,
        work: () => keys.batchUnwrap(exchange, wanted),
        render: renderDeks,
      });
    },
  });
}

/** One at a time: all at once would hold up everybody else for a while. */
function* entriesOf(
  edeks: SentEdeks,
  ids: readonly string[],
): Iterable<readonly [id: string, edek: string]> {
  const byId = edeks as Readonly<Record<string, string>>;
  for (const id of ids) yield [id, byId[id] ?? ""];
}
