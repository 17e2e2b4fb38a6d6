import { API_KEY, type Answer, send, type WireOptions } from "@tenant-security/testkit";
import { onTestFinished, vi } from "vitest";
import type { Call, MaybePromise } from "../../../src/keys/ports.ts";
import type {
  ApplicationEvent,
  ApplicationEvents,
  HttpLimits,
  HttpLogger,
  HttpObserver,
  OperationCounts,
} from "../../../src/http/ports.ts";
import { HttpServer, type HttpServerOptions } from "../../../src/http/server/http-server.ts";
import { FakeKeys } from "./fake-keys.ts";

// Real sockets on a busy machine: what takes milliseconds may take seconds.
vi.setConfig({ testTimeout: 60_000 });

export const LIMITS: HttpLimits = {
  maxBodyBytes: 65_536,
  maxBatchSize: 1_000,
  maxConnections: 1_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 90_000,
  overloadDelayMs: 0,
  maxInFlightRequests: 10_000,
  maxInFlightBatchItems: 40_000,
  maxInFlightBodyBytes: 67_108_864,
};

/** A body that every endpoint takes as far as it goes. */
export const METADATA = { tenantId: "acme", iclFields: { requestingId: "tester" } } as const;

export class FakeEvents implements ApplicationEvents {
  readonly events: { readonly call: Call; readonly event: ApplicationEvent }[] = [];
  readonly reports: ReadonlyMap<string, OperationCounts>[] = [];

  securityEvent(call: Call, event: ApplicationEvent): MaybePromise<void> {
    this.events.push({ call, event });
  }

  reportOperations(
    _call: Call,
    operations: ReadonlyMap<string, OperationCounts>,
  ): MaybePromise<void> {
    this.reports.push(operations);
  }
}

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class FakeLogger implements HttpLogger {
  readonly lines: LogLine[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: "info", message, fields: { ...fields } });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: "warn", message, fields: { ...fields } });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: "error", message, fields: { ...fields } });
  }
}

export class FakeObserver implements HttpObserver {
  readonly open: Map<string, number> = new Map();
  readonly requests: string[] = [];
  readonly shedReasons: string[] = [];
  connected = 0;
  rejected = 0;

  inFlight(endpoint: string, change: 1 | -1): void {
    this.open.set(endpoint, (this.open.get(endpoint) ?? 0) + change);
  }

  finished(
    endpoint: string,
    kmsType: string,
    httpCode: number,
    tspCode: number,
    seconds: number,
  ): void {
    if (seconds < 0 || seconds > 600) throw new RangeError(`a request of ${seconds} s`);
    this.requests.push(`${endpoint} ${kmsType} ${httpCode} ${tspCode}`);
  }

  connections(change: 1 | -1): void {
    this.connected += change;
  }

  connectionRejected(): void {
    this.rejected += 1;
  }

  shed(reason: string): void {
    this.shedReasons.push(reason);
  }
}

type Overrides = Partial<Omit<HttpServerOptions, "limits">> & {
  readonly limits?: Partial<HttpLimits>;
};

export interface ServerParts {
  readonly server: HttpServer;
  readonly keys: FakeKeys;
  readonly events: FakeEvents;
  readonly log: FakeLogger;
  readonly observer: FakeObserver;
}

export interface TestServer extends ServerParts {
  readonly origin: string;
  /** Sends a body with the metadata and the right API key. */
  readonly post: (path: string, body?: unknown, options?: WireOptions) => Promise<Answer>;
}

/** A server over fakes that does nothing yet; closed when the test is over. */
export function createHttp({ limits, ...overrides }: Overrides = {}): ServerParts {
  const keys = new FakeKeys();
  const events = new FakeEvents();
  const log = new FakeLogger();
  const observer = new FakeObserver();
  const server = new HttpServer({
    apiKeys: [API_KEY],
    keys,
    events,
    logger: log,
    observer,
    scrape: async () => ({ contentType: "text/plain; version=0.0.4", body: "tsp_up 1\n" }),
    limits: { ...LIMITS, ...limits },
    ...overrides,
  });
  onTestFinished(() => closed(server));
  return { server, keys, events, log, observer };
}

/** A server that listens. */
export async function startHttp(overrides: Overrides = {}): Promise<TestServer> {
  const parts = createHttp(overrides);
  const { port } = await parts.server.listen({ host: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${port}`;
  return {
    ...parts,
    origin,
    post: (path, body = {}, options = {}) =>
      send(`${origin}${path}`, typeof body === "object" ? { ...METADATA, ...body } : body, options),
  };
}

async function closed(server: HttpServer): Promise<void> {
  await server.drain(0);
}
