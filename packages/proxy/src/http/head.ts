import type { IncomingHttpHeaders } from "node:http";
import type { ProxyError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import { httpRefusal } from "./http-refusal.ts";
import { shedError } from "./overload/shed-error.ts";

const JSON_TYPE = "application/json";

/** Why a request is refused whatever it asks for: no room, or no HTTP. */
export function headRefusal(exchange: Exchange): ProxyError | undefined {
  const { noRoom } = exchange;
  return noRoom === undefined ? hostRefusal(exchange) : shedError(noRoom);
}

/** The same for what is served even where there is no room. */
export function hostRefusal({ request }: Exchange): ProxyError | undefined {
  const { host } = request.headers;
  // Several headers of one name arrive as one value, joined by commas.
  if (host === undefined ? request.httpVersion === "1.1" : host.includes(",")) {
    return httpRefusal(400, "A request needs exactly one Host header: send one");
  }
  return undefined;
}

/** Why the body of this request will not be read: its type, its coding, its announced size. */
export function bodyRefusal(
  headers: IncomingHttpHeaders,
  maxBytes: number,
): ProxyError | undefined {
  if (!isJson(headers["content-type"])) {
    return httpRefusal(415, `The body must be JSON: send Content-Type: ${JSON_TYPE}`);
  }
  if (isCoded(headers)) {
    return httpRefusal(415, "The body must not be compressed: send it without Content-Encoding");
  }
  if (Number(headers["content-length"] ?? 0) > maxBytes) return tooLarge(maxBytes);
  return undefined;
}

/** 413 for a body, known at once or only while it arrives. */
export function tooLarge(maxBytes: number): ProxyError {
  return httpRefusal(413, `The body is larger than ${maxBytes} bytes: send a smaller batch`);
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === JSON_TYPE) return true;
  const [essence = ""] = contentType.split(";", 1);
  const name = essence.trim().toLowerCase();
  return name === JSON_TYPE || contentType.trim() === "";
}

function isCoded(headers: IncomingHttpHeaders): boolean {
  const content = headers["content-encoding"];
  const transfer = headers["transfer-encoding"];
  return (
    (content !== undefined && !/^\s*(identity)?\s*$/i.test(content)) ||
    (transfer !== undefined && !/^\s*chunked\s*$/i.test(transfer))
  );
}
