import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { rawRefusal } from "../answers/error.ts";
import { labelOf } from "../endpoints.ts";
import { Exchange } from "../exchange.ts";
import type { ExchangeParts } from "../exchange-parts.ts";
import { httpRefusal } from "../http-refusal.ts";
import { createRayId } from "../ray-id.ts";
import { logRefusal } from "../refusal-log.ts";
import { pathOf } from "../request-path.ts";

/** Requests for which `node:http` has events of their own, and bare answers if nobody listens. */
export function answerSpecialRequests(server: Server, parts: ExchangeParts): void {
  // `100 Continue` is written once the head has been accepted, not before.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));

  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const endpoint = labelOf(pathOf(request.url ?? "/"));
    const exchange = new Exchange(parts, endpoint, request, response);
    exchange.refuse(httpRefusal(417, "The only expectation served is 100-continue: leave it out"));
  });

  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    const error = httpRefusal(405, "This is no forward proxy: send the request without CONNECT");
    const rayId = createRayId();
    socket.on("error", () => socket.destroy());
    logRefusal(parts.logger, { error, endpoint: "other", rayId, tenantId: "" });
    parts.observer.finished("other", "none", error.http, 102, 0);
    parts.records.save();
    socket.end(rawRefusal(error, rayId), () => socket.destroy());
  });
}
