import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { apiHandler, type HandlerParts } from "./http/api-handler.ts";
import { ApiKeys } from "./http/api-keys.ts";
import { type EndpointLabel, labelOf, METRICS_PATH } from "./http/endpoints.ts";
import { Exchange } from "./http/exchange.ts";
import { metricsHandler } from "./http/metrics-handler.ts";
import type { HttpLimits, HttpLogger, HttpObserver, Scrape } from "./http/ports.ts";
import { pathOf, routedUrl } from "./http/request-path.ts";
import { apiRoutes } from "./http/routes/api-routes.ts";
import type { RouteParts } from "./http/routes/parts.ts";
import { createClientErrorHandler } from "./http/server/client-error.ts";
import { Connections } from "./http/server/connections.ts";
import { createServer } from "./http/server/create-server.ts";
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
  /** Left out: nobody watches. */
  readonly observer?: HttpObserver | undefined;
  /** Those of this app's server, for whoever drains it. Left out: they are only limited. */
  readonly connections?: Connections | undefined;
  /** Left out: plain HTTP. */
  readonly tls?: TlsPair | undefined;
}

type Serve = (exchange: Exchange) => void;

const NOBODY: HttpObserver = {
  inFlight() {},
  finished() {},
  connections() {},
  connectionRejected() {},
};

const NO_QUERY: Readonly<Record<string, string>> = Object.freeze({});

/** Puts the parts together. Opens nothing, starts nothing, reads no environment. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { observer = NOBODY, limits } = options;
  const parts: HandlerParts = {
    ...options,
    observer,
    apiKeys: new ApiKeys(options.apiKeys),
    connections: options.connections ?? new Connections(limits.maxConnections, observer),
  };
  const app = createFastify(parts, options.tls);
  readBodiesOurselves(app);
  for (const route of apiRoutes(options)) {
    const serve = apiHandler(route, parts);
    app.post(route.path, (request, reply) => begin(parts, route.path, request, reply, serve));
  }
  const scrape = metricsHandler(options.scrape);
  app.route({
    method: ["GET", "HEAD"],
    url: METRICS_PATH,
    handler: (request, reply) => begin(parts, METRICS_PATH, request, reply, scrape),
  });
  const refuse = unroutedHandler(parts);
  app.setNotFoundHandler((request, reply) =>
    begin(parts, labelOf(pathOf(request.url)), request, reply, refuse),
  );
  return app;
}

function createFastify(parts: HandlerParts, tls: TlsPair | undefined): FastifyInstance {
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
      begin(parts, "other", request, reply, badUrlHandler),
    serverFactory(listener) {
      const server = createServer(limits, tls, listener);
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

function begin(
  parts: HandlerParts,
  endpoint: EndpointLabel,
  request: FastifyRequest,
  reply: FastifyReply,
  serve: Serve,
): void {
  // From here on the exchange answers.
  reply.hijack();
  const exchange = new Exchange(parts, endpoint, request.raw, reply.raw);
  if (parts.connections.holding) parts.connections.admit(() => run(exchange, serve));
  else run(exchange, serve);
}

function run(exchange: Exchange, serve: Serve): void {
  try {
    serve(exchange);
  } catch (error) {
    exchange.fail(error);
  }
}
