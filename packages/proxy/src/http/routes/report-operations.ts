import { Type } from "typebox";
import { type ApiRoute, apiRoute, entriesIn } from "../api-route.ts";
import { deliver } from "../deliver.ts";
import type { OperationCounts } from "../ports.ts";
import { ANSWERS } from "../schemas/answers.ts";
import type { RouteParts } from "./parts.ts";

interface SentCounts {
  readonly wraps?: number | null;
  readonly unwraps?: number | null;
}

const count = { type: ["integer", "null"], minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

const operations = Type.Unsafe<Readonly<Record<string, SentCounts>>>({
  type: "object",
  additionalProperties: { type: "object", properties: { wraps: count, unwraps: count } },
  description: "EDEK to how often a client used its key from a cache",
});

export function reportOperationsRoute({ events }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/report-operations",
    summary: "Records uses of keys that a client had cached",
    members: { operations },
    answer: ANSWERS.nothing,
    itemsOf: (body) => entriesIn(body["operations"]),
    serve(exchange, body) {
      const counts = new Map(
        Object.entries(body.operations).map(([edek, sent]) => [edek, countsOf(sent)]),
      );
      deliver(exchange, events.reportOperations(exchange, counts), () => "null");
    },
  });
}

function countsOf({ wraps, unwraps }: SentCounts): OperationCounts {
  return { wraps: wraps ?? 0, unwraps: unwraps ?? 0 };
}
