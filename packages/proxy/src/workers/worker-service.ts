import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createMetrics, type Mirror } from "@tenant-security/metrics";
import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { Settings } from "../config/settings.ts";
import { descriptorBudget, descriptorLimit } from "../descriptors.ts";
import { EventRecorder } from "../events/recorder.ts";
import { RequestSide } from "../service/request-side.ts";
import { StopDeadline } from "../service/deadline.ts";
import type { Beginning, Handover, ToPrimary, ToWorker, WorkerState } from "./calls.ts";
import { KEY_GRACE_MS } from "./key-broker.ts";
import { EventRelay } from "./event-relay.ts";
import { roomFor } from "./event-room.ts";
import type { Handlers, Link } from "./link.ts";
import { partOfLimits, shareLimits } from "./part-of-limits.ts";
import { permitGates } from "./permit-gate.ts";
import { ReceivedTenants } from "./received-tenants.ts";
import { SharedKeys } from "./shared-keys.ts";
import { WorkerRecords } from "./worker-records.ts";
import type { TransportKey } from "./transport-key.ts";

export interface WorkerServiceOptions extends Beginning {
  readonly settings: Settings;
  readonly env: Environment;
  readonly logger: Logger;
  readonly link: Link<ToPrimary, ToWorker>;
  /** Where events go. */
  readonly pipe: Duplex;
  /** Descriptor of the file where the primary finds what was counted. */
  readonly mirror: number;
  readonly transport: TransportKey;
}

/** How often a worker tells what is not in its mirror, such as its CPU time. */
const TELL_EVERY_MS = 1_000;

/** How long the merged metrics of all processes may take. */
const SCRAPE_MS = 5_000;

/** Room that the primary granted counts however late it comes. */
const LATE_ROOM_MS = 60_000;

/** One of several processes that answer requests. Everything it shares with them is in the primary. */
export class WorkerService {
  readonly #options: WorkerServiceOptions;
  readonly #metrics = createMetrics();
  readonly #mirror: Mirror;
  readonly #tenants: ReceivedTenants;
  readonly #relay: EventRelay;
  readonly #requests: RequestSide;
  readonly #reporting: NodeJS.Timeout;
  #toldAfter = 0;
  readonly #closed = { within: 0, beyond: 0 };
  #telling = false;

  constructor(options: WorkerServiceOptions) {
    const { link, logger, pipe, slot, transport, workers } = options;
    const shared = shareLimits(options.settings, workers);
    const settings = partOfLimits(options.settings, slot, workers);
    this.#options = options;
    this.#tenants = new ReceivedTenants({ file: settings.source.configFile, env: options.env });
    const required = settings.events.enabled && settings.events.mode === "require";
    this.#relay = new EventRelay({
      pipe,
      required,
      askRoom: (wanted) => link.ask("room", wanted, LATE_ROOM_MS),
    });
    this.#mirror = this.#metrics.mirrorTo(options.mirror);
    const { kms } = settings;
    this.#requests = new RequestSide({
      settings,
      budget: descriptorBudget(descriptorLimit(), {
        kmsClients: kms.clientCacheSize,
        connections: settings.http.maxConnections,
      }),
      metrics: this.#metrics,
      logger,
      tenants: this.#tenants,
      secretStore: this.#tenants.secretStore,
      events: this.#recorder(settings),
      records: new WorkerRecords({ relay: this.#relay, mirror: this.#mirror, required }),
      reserve: (call, items) => this.#relay.reserve(roomFor(call, items)),
      scrape: () => link.ask("scrape", null, SCRAPE_MS),
      exchange: new SharedKeys({
        link,
        transport,
        workers,
        patienceMs: kms.timeoutMs + KEY_GRACE_MS,
      }),
      bulkhead: shared ? permitGates(link, kms.timeoutMs) : undefined,
    });
    this.#metrics.workers.set(1);
    this.#reporting = setInterval(() => void this.tell(), TELL_EVERY_MS).unref();
  }

  /** What the primary may ask, from the beginning on. */
  handlers(): Omit<Handlers<ToWorker>, "begin"> {
    const requests = this.#requests;
    const tenants = this.#tenants;
    const relay = this.#relay;
    return {
      prepare: (part) => (tenants.prepare(part), null),
      commit: ({ version }) => (tenants.commit(version), null),
      recheck: async () => {
        if (tenants.snapshot !== undefined) await requests.recheck(tenants.snapshot);
        return null;
      },
      stale: ({ reason }) => ((tenants.stale = reason), null),
      serve: async ({ tls }) => (await requests.expectConnections(tls), null),
      certificate: (pair) => (requests.replaceTls(pair), null),
      ping: () => null,
      state: () => this.#state(),
      eventsFull: ({ full }) => (relay.setQueueFull(full), null),
      returnRoom: () => relay.giveRoomBack(),
      startDraining: () => (requests.startDraining(), null),
      hold: () => (requests.hold(), null),
      drain: async ({ deadlineMs }) => ({ cut: await requests.drain(deadlineMs) }),
      close: async ({ deadlineMs }) => {
        clearInterval(this.#reporting);
        await requests.close(new StopDeadline(deadlineMs));
        this.#metrics.close();
        return this.#state();
      },
    };
  }

  /** Takes a connection; none when its client has gone by the time it arrives here. */
  adopt({ connection, beyondLimit }: Handover, socket: Socket | undefined): void {
    this.#options.link.tell("took", { connection });
    if (socket === undefined) {
      this.#tellClosed(beyondLimit);
      return;
    }
    socket.once("close", () => this.#tellClosed(beyondLimit));
    this.#requests.adopt(socket, beyondLimit);
  }

  /** Tells the primary what was counted since the last time. */
  async tell(): Promise<void> {
    this.#mirror.save();
    const { served } = this.#requests;
    if (served === this.#toldAfter) return;
    this.#toldAfter = served;
    this.#options.link.tell("counted", await this.#state());
  }

  /** Once a turn, however many connections were closed in it. */
  #tellClosed(beyondLimit: boolean): void {
    this.#closed[beyondLimit ? "beyond" : "within"] += 1;
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#options.link.tell("closed", { ...this.#closed });
      Object.assign(this.#closed, { within: 0, beyond: 0 });
      this.#telling = false;
    });
  }

  #recorder({ events }: Settings): EventRecorder {
    const { securityEventFailures } = this.#metrics;
    return new EventRecorder({
      sink: events.enabled ? this.#relay : undefined,
      mode: events.mode,
      // Dropped ones are counted where the queue is.
      onRefused: () => securityEventFailures.inc(),
    });
  }

  async #state(): Promise<WorkerState> {
    this.#relay.flush();
    const lines = this.#relay.written;
    const metrics = await this.#metrics.snapshot();
    // A counter that was shown must never be seen lower.
    this.#mirror.save();
    return { metrics, lines };
  }
}
