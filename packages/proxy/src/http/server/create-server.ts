import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps, type Server as SecureServer } from "node:https";
import type { HttpLimits } from "../ports.ts";
import { DirectRequest } from "./direct-request.ts";
import { type TlsPair, tlsOptions } from "./tls.ts";

/** A Java client once grew its headers beyond what servers take by default. */
const MAX_HEADER_BYTES = 65_536;

const MAX_CHECK_INTERVAL_MS = 1_000;

/** For the TLS handshake, before which a connection counts as nobody's. */
const HANDSHAKE_PATIENCE_MS = 10_000;

/** A client that reads nothing of its answer for this long, beyond the time to make it, is cut. */
const WRITE_PATIENCE_MS = 30_000;

/** Makes a server that does not listen yet; with TLS when there is a certificate. */
export function createServer(
  limits: HttpLimits,
  tls: TlsPair | undefined,
  listener: RequestListener,
): Server | SecureServer {
  const { requestTimeoutMs, keepAliveTimeoutMs } = limits;
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    // Node only looks for late requests this often.
    connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, Math.ceil(requestTimeoutMs / 4)),
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node would answer without a body.
    requireHostHeader: false,
    // Otherwise the second of two Authorization headers is dropped without a sign.
    joinDuplicateHeaders: true,
    IncomingMessage: DirectRequest,
  };
  const server =
    tls === undefined
      ? createHttp(options, listener)
      : createHttps(
          { ...options, ...tlsOptions(tls), handshakeTimeout: HANDSHAKE_PATIENCE_MS },
          listener,
        );
  server.timeout = requestTimeoutMs + WRITE_PATIENCE_MS;
  // By default headers beyond the 1,000th are dropped; the limit in bytes is enough.
  server.maxHeadersCount = 0;
  allowHalfOpen(server);
  return server;
}

/** A client that has ended its half of the connection still gets its answers. */
function allowHalfOpen(server: Server | SecureServer): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}
