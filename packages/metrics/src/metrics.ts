import { AggregatorRegistry, collectDefaultMetrics, Registry } from "prom-client";
import { createInstruments, type Instruments } from "./instruments.ts";
import { LoopLag } from "./loop-lag.ts";
import { type Mirror, SlotMirror } from "./mirror.ts";
import { PROCESS_CATALOG } from "./process-catalog.ts";
import { Slots } from "./slots.ts";

export interface MetricsOptions {
  /** Whether to expose CPU, memory, descriptors and event-loop lag of this process. Default true. */
  readonly process?: boolean;
}

/** All values at one moment, as plain data that survives JSON and `postMessage`. */
export type MetricsSnapshot = readonly object[];

/** The instruments of the catalogue, and what a scrape answers. */
export interface Metrics extends Instruments {
  /** The `Content-Type` of a scrape. */
  readonly contentType: string;
  /**
   * The text a Prometheus server reads. Our own values are all read in one turn, so figures that
   * belong together agree.
   */
  scrape(): Promise<string>;
  /** For a process that answers for several: see {@link scrapeMerged}. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Keeps what is counted in a file of `MIRROR_BYTES` bytes, too, which outlives this process. */
  mirrorTo(fd: number): Mirror;
  /** Stops watching the process; what was counted can still be read. */
  close(): void;
}

/** Makes a set of instruments with a registry of its own; two sets share nothing. */
export function createMetrics({ process = true }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const slots = new Slots();
  const instruments = createInstruments(registry, slots);
  const lag = process ? new LoopLag() : undefined;
  if (lag !== undefined) {
    collectProcessMetrics(registry);
    instruments.eventLoopLag.collect(() => lag.take());
  }
  return {
    ...instruments,
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
    mirrorTo: (fd) => new SlotMirror(fd, slots),
    close: () => lag?.close(),
  };
}

/** One scrape for several processes: counters and buckets add up, gauges follow the catalogue. */
export function scrapeMerged(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map((one) => [...one])).metrics();
}

/** Several snapshots as one, by the same rules. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  return AggregatorRegistry.aggregate(snapshots.map((one) => [...one])).getMetricsAsJSON();
}

/** What is still true of a process that has ended: what it counted, not how it was. */
export function lastingOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter((metric) => "type" in metric && metric.type !== "gauge");
}

function collectProcessMetrics(registry: Registry): void {
  const defaults = new Registry();
  // Its event-loop monitor cannot be left out, only be made rare.
  collectDefaultMetrics({ register: defaults, eventLoopMonitoringPrecision: 60_000 });
  for (const { name, merge } of Object.values(PROCESS_CATALOG)) {
    const metric = defaults.getSingleMetric(name);
    // Descriptors are only counted on Linux.
    if (metric === undefined) continue;
    // prom-client's own rule would leave out when the process started. Its type does not show it.
    Object.assign(metric, { aggregator: merge });
    registry.registerMetric(metric);
  }
}
