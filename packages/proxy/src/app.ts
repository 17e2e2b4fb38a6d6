import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { apiHandler, type HandlerParts } from "./http/api-handler.ts";
import { ApiKeys } from "./http/api-keys.ts";
import { type EndpointLabel, labelOf, METRICS_PATH } from "./http/endpoints.ts";
import { Exchange } from "./http/exchange.ts";
import { metricsHandler } from "./http/metrics-handler.ts";
import { Outbox } from "./http/outbox.ts";
import type { HttpLimits, HttpLogger, HttpObserver, ReserveRoom, Scrape } from "./http/ports.ts";
import { NO_RECORDS, type Records } from "./http/records.ts";
import { Overload } from "./http/overload/overload.ts";
import { pathOf, routedUrl } from "./http/request-path.ts";
import { apiRoutes } from "./http/routes/api-routes.ts";
import type { RouteParts } from "./http/routes/parts.ts";
import { createClientErrorHandler } from "./http/server/client-error.ts";
import { Connections } from "./http/server/connections.ts";
import { createServer } from "./http/server/create-server.ts";
import { OkHead } from "./http/server/ok-head.ts";
import { answerSpecialRequests } from "./http/server/special-requests.ts";
import type { TlsPair } from "./http/server/tls.ts";
import { badUrlHandler, unroutedHandler } from "./http/unrouted.ts";

export interface AppOptions extends RouteParts {
  /** One or two; while a key is rotated either is accepted. */
  readonly apiKeys: readonly string[];
  /** The text of all metrics. */
  readonly scrape: () => Promise<Scrape>;
  readonly limits: HttpLimits;
  readonly logger: HttpLogger;
  /** Left out: every call may begin at once. */
  readonly reserve?: ReserveRoom | undefined;
  /** Left out: what this process knows ends with it. */
  readonly records?: Records | undefined;
  /** Left out: nobody watches. */
  readonly observer?: HttpObserver | undefined;
  /** Those of this app's server, for whoever drains it. Left out: they are only limited. */
  readonly connections?: Connections | undefined;
  /** Whose measure somebody else takes. Left out: the event loop is not watched. */
  readonly overload?: Overload | undefined;
  /** Left out: plain HTTP. */
  readonly tls?: TlsPair | undefined;
}

type Serve = (exchange: Exchange) => void;

/** What serves each route. */
type Serves = ReadonlyMap<EndpointLabel, Serve>;

const NOBODY: HttpObserver = {
  inFlight() {},
  finished() {},
  connections() {},
  connectionRejected() {},
  shed() {},
};

const NO_QUERY: Readonly<Record<string, string>> = Object.freeze({});

/** Puts the parts together. Opens nothing, starts nothing, reads no environment. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { observer = NOBODY, records = NO_RECORDS, limits } = options;
  const parts: HandlerParts = {
    ...options,
    observer,
    apiKeys: new ApiKeys(options.apiKeys),
    connections: options.connections ?? new Connections(limits.maxConnections, observer),
    records,
    outbox: new Outbox(records),
    okHead: new OkHead(limits.keepAliveTimeoutMs),
    overload: options.overload ?? new Overload(limits, options.logger),
  };
  const serves: Serves = new Map(
    apiRoutes(options).map((route) => [route.path, apiHandler(route, parts)]),
  );
  const app = createFastify(parts, serves, options.tls);
  readBodiesOurselves(app);
  for (const [path, serve] of serves) app.post(path, handler(parts, path, serve));
  app.route({
    method: ["GET", "HEAD"],
    url: METRICS_PATH,
    handler: handler(parts, METRICS_PATH, metricsHandler(options.scrape)),
  });
  const refuse = unroutedHandler(parts);
  app.setNotFoundHandler((request, reply) =>
    handler(parts, labelOf(pathOf(request.url)), refuse)(request, reply),
  );
  return app;
}

function createFastify(
  parts: HandlerParts,
  serves: Serves,
  tls: TlsPair | undefined,
): FastifyInstance {
  const { connections, limits } = parts;
  return Fastify({
    // Refused requests are logged by their exchange, successful ones not at all.
    logger: false,
    genReqId: () => "",
    exposeHeadRoutes: false,
    return503OnClosing: false,
    rewriteUrl: ({ url = "/" }) => routedUrl(url),
    routerOptions: { querystringParser: () => NO_QUERY },
    clientErrorHandler: createClientErrorHandler(parts),
    frameworkErrors: (_error, request, reply) =>
      handler(parts, "other", badUrlHandler)(request, reply),
    serverFactory(listener) {
      const server = createServer(limits, tls, shortcut(parts, serves, listener));
      connections.watch(server, { tls: tls !== undefined });
      answerSpecialRequests(server, parts);
      return server;
    },
  });
}

/**
 * Fastify's body parsing would decide too early about types and sizes, and costs four microseconds
 * a request. Without a body in its eyes, a request goes straight from the router to its handler.
 */
function readBodiesOurselves(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  for (const method of app.supportedMethods) {
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
}

/** Requests that name their route to the letter, as clients do, need no router. */
function shortcut(parts: HandlerParts, serves: Serves, router: RequestListener): RequestListener {
  return (request, response) => {
    const path = request.url as EndpointLabel;
    const serve = request.method === "POST" ? serves.get(path) : undefined;
    if (serve === undefined) router(request, response);
    else begin(parts, path, request, response, serve);
  };
}

function handler(parts: HandlerParts, endpoint: EndpointLabel, serve: Serve) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    // From here on the exchange answers.
    reply.hijack();
    begin(parts, endpoint, request.raw, reply.raw, serve);
  };
}

function begin(
  parts: HandlerParts,
  endpoint: EndpointLabel,
  request: IncomingMessage,
  response: ServerResponse,
  serve: Serve,
): void {
  const exchange = new Exchange(parts, endpoint, request, response);
  if (parts.connections.holding) parts.connections.admit(() => start(exchange, serve));
  else start(exchange, serve);
}

function start(exchange: Exchange, serve: Serve): void {
  if (exchange.mustWait) exchange.defer(() => run(exchange, serve));
  else run(exchange, serve);
}

function run(exchange: Exchange, serve: Serve): void {
  try {
    serve(exchange);
  } catch (error) {
    exchange.fail(error);
  }
}
