import { setImmediate as nextTurn } from "node:timers/promises";
import type { ApiRoute } from "./api-route.ts";
import type { ApiKeys } from "./api-keys.ts";
import { type BodyRules, readBody, type UseBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import { bodyRefusal, headRefusal } from "./head.ts";
import { httpRefusal } from "./http-refusal.ts";
import { decodeText, parseJson, parseLongJson } from "./json.ts";
import { customFieldsOf, iclFieldsOf, type SentMetadata } from "./metadata.ts";
import type { ReserveRoom } from "./ports.ts";
import { compile } from "./validation.ts";

export interface HandlerParts extends ExchangeParts {
  readonly apiKeys: ApiKeys;
  readonly reserve?: ReserveRoom | undefined;
}

/** A body from which on every step gets a turn of the event loop of its own. */
const LARGE_BODY_BYTES = 256 * 1_024;

/**
 * Takes one request of a route from its head to the use case. Refusals come in this order:
 * HTTP syntax 400, API key 401, content type 415, size 413, body 400.
 */
export function apiHandler(route: ApiRoute, parts: HandlerParts): (exchange: Exchange) => void {
  const { maxBodyBytes } = parts.limits;
  const use = bodyUse(route, parts.limits.maxBatchSize, parts.reserve);
  const rules: BodyRules = { maxBytes: maxBodyBytes, counted: route.inParts, use };
  return (exchange) => {
    const { headers, httpVersionMinor } = exchange.request;
    const refusal =
      headRefusal(exchange) ??
      exchange.keyRefusal(parts.apiKeys) ??
      bodyRefusal(headers, maxBodyBytes);
    if (refusal !== undefined) {
      exchange.refuse(refusal);
      return;
    }
    if (route.inParts) exchange.holdConnection();
    // HTTP/1.0 knows no interim answers.
    if (headers.expect !== undefined && httpVersionMinor > 0) exchange.response.writeContinue();
    readBody(exchange, rules);
  };
}

function bodyUse(
  route: ApiRoute,
  maxItems: number,
  reserve: ReserveRoom = () => undefined,
): UseBody {
  const validate = compile(route.body);

  const check = (body: unknown): void => {
    if (typeof body === "object" && body !== null) {
      const items = route.itemsOf(body as Readonly<Record<string, unknown>>);
      if (items > maxItems) {
        throw httpRefusal(413, `The batch has ${items} items, the limit is ${maxItems}: split it`);
      }
    }
    const refusal = validate(body);
    if (refusal !== undefined) throw refusal;
  };

  const serve = (exchange: Exchange, body: unknown, text: string): void => {
    const metadata = body as SentMetadata;
    exchange.tenantId = metadata.tenantId;
    exchange.iclFields = iclFieldsOf(metadata.iclFields);
    exchange.customFields = customFieldsOf(metadata.customFields);
    const room = reserve(exchange, route.itemsOf(body as Readonly<Record<string, unknown>>));
    exchange.room = room;
    // Its client may have gone while the body was read.
    if (exchange.answered) room?.release();
    if (room?.ready === undefined) route.serve(exchange, body as never, text);
    else exchange.waitFor(room.ready.then(() => route.serve(exchange, body as never, text)));
  };

  const serveInTurns = async (exchange: Exchange, bytes: Buffer): Promise<void> => {
    const text = decodeText(bytes);
    await nextTurn();
    const body = await parseLongJson(text);
    await nextTurn();
    check(body);
    await nextTurn();
    serve(exchange, body, text);
  };

  return (exchange, bytes) => {
    if (bytes.length >= LARGE_BODY_BYTES) {
      exchange.waitFor(serveInTurns(exchange, bytes));
    } else {
      const text = decodeText(bytes);
      const body = parseJson(text);
      check(body);
      serve(exchange, body, text);
    }
  };
}
