import { renderWrappedKey } from "../answers/key.ts";
import { type ApiRoute, apiRoute } from "../api-route.ts";
import { deliver } from "../deliver.ts";
import { ANSWERS } from "../schemas/answers.ts";
import type { RouteParts } from "./parts.ts";

export function wrapRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/document/wrap",
    summary: "Makes a document key and wraps it with the tenant's KMS",
    members: {},
    answer: ANSWERS.wrappedKey,
    serve: (exchange) => deliver(exchange, keys.wrap(exchange), renderWrappedKey),
  });
}
