import type { HandlerParts } from "./api-handler.ts";
import { ALLOWED_METHODS } from "./endpoints.ts";
import type { Exchange } from "./exchange.ts";
import { headRefusal } from "./head.ts";
import { httpRefusal } from "./http-refusal.ts";
import { needsApiKey, pathOf } from "./request-path.ts";

/** Refuses what no route takes. Under `/api/` only holders of a key learn what is there. */
export function unroutedHandler({ apiKeys }: HandlerParts): (exchange: Exchange) => void {
  return (exchange) => {
    const { url = "/" } = exchange.request;
    const refusal =
      headRefusal(exchange) ?? (needsApiKey(url) ? exchange.keyRefusal(apiKeys) : undefined);
    if (refusal !== undefined) {
      exchange.refuse(refusal);
      return;
    }
    const allowed = ALLOWED_METHODS.get(pathOf(url));
    if (allowed === undefined) {
      exchange.refuse(httpRefusal(404, "There is no such endpoint: check the path of the request"));
    } else {
      exchange.refuse(httpRefusal(405, `This endpoint only takes ${allowed}`), allowed);
    }
  };
}

/** Refuses a target that cannot be decoded: HTTP's syntax comes before everything else. */
export function badUrlHandler(exchange: Exchange): void {
  exchange.refuse(
    headRefusal(exchange) ??
      httpRefusal(400, "The path is not a valid URL: correct its percent-encoding"),
  );
}
