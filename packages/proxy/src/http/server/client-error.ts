import type { Socket } from "node:net";
import type { ProxyError } from "../../errors.ts";
import { rawRefusal } from "../answers/error.ts";
import { httpRefusal } from "../http-refusal.ts";
import type { HttpLogger, HttpObserver } from "../ports.ts";
import { createRayId } from "../ray-id.ts";
import type { Records } from "../records.ts";
import { logRefusal } from "../refusal-log.ts";
import { Connection } from "./connection.ts";

/** How long a client may go on sending after its refusal before the connection is cut. */
const FAREWELL_MS = 1_000;

export interface ClientErrorParts {
  readonly observer: Pick<HttpObserver, "finished">;
  readonly records: Pick<Records, "save">;
  readonly logger: HttpLogger;
}

/** Answers bytes that are no HTTP, with the body that every refusal has. */
export function createClientErrorHandler(
  parts: ClientErrorParts,
): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const connection = Connection.of(socket);
    if (!socket.writable || codeOf(error) === "ECONNRESET" || connection === undefined) {
      socket.destroy();
      return;
    }
    if (connection.broken) return;
    connection.broken = true;
    answer(connection, refusalOf(error), parts);
  };
}

function answer(connection: Connection, error: ProxyError, parts: ClientErrorParts): void {
  const { socket, newest } = connection;
  if (newest !== undefined && !newest.received) {
    // The error is inside a request whose head was understood: it is that request's answer.
    connection.closing = true;
    if (newest.answered) socket.destroy();
    else newest.refuse(error);
  } else if (newest === undefined || newest.answered) {
    sayGoodbye(socket, error, parts);
  } else {
    // Answers to the requests before this one go first.
    newest.onFlushed(() => sayGoodbye(socket, error, parts));
  }
}

function sayGoodbye(socket: Socket, error: ProxyError, parts: ClientErrorParts): void {
  if (!socket.writable) return;
  if (socket.bytesRead === 0) {
    // A connection that was opened and never used did nothing wrong.
    socket.end();
  } else {
    const rayId = createRayId();
    logRefusal(parts.logger, { error, endpoint: "other", rayId, tenantId: "" });
    parts.observer.finished("other", "none", error.http, 102, 0);
    parts.records.save();
    socket.end(rawRefusal(error, rayId));
  }
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => clearTimeout(timer));
}

function refusalOf(error: Error): ProxyError {
  const code = codeOf(error);
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return httpRefusal(
        431,
        "The request's headers are longer than 64 KiB: send fewer or shorter",
      );
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return httpRefusal(413, "The chunk extensions are too long: send none");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return httpRefusal(408, "The request did not arrive in time: send it without pauses");
    default:
      return httpRefusal(
        400,
        `The request is not valid HTTP/1.1 (${code}): correct or replace the client`,
      );
  }
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}
