import { readSync } from "node:fs";
import { Registry } from "prom-client";
import { createInstruments } from "./instruments.ts";
import type { MetricsSnapshot } from "./metrics.ts";
import { LIST_AT, MIRROR_BYTES, readList } from "./mirror-layout.ts";
import { Buckets, Count } from "./series.ts";
import { type SlotEntry, Slots } from "./slots.ts";

/**
 * The counters and histograms of the process that kept this mirror; undefined when it never did. The
 * file has been read when this returns.
 * @throws Error when it cannot be read
 */
export function readMirror(fd: number): Promise<MetricsSnapshot> | undefined {
  const bytes = new Uint8Array(MIRROR_BYTES);
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  const entries = length === MIRROR_BYTES ? readList(bytes) : [];
  if (entries.length === 0) return undefined;
  const registry = new Registry();
  const instruments: Record<string, unknown> = createInstruments(registry, new Slots());
  const values = new Float64Array(bytes.buffer, 0, LIST_AT / Float64Array.BYTES_PER_ELEMENT);
  for (const entry of entries) {
    const series = seriesOf(instruments[entry.metric], entry);
    if (series instanceof Count || series instanceof Buckets) {
      series.restore(values.subarray(entry.at));
    }
  }
  return registry.getMetricsAsJSON();
}

function seriesOf(instrument: unknown, { labels }: SlotEntry): unknown {
  if (typeof instrument !== "object" || instrument === null) return undefined;
  if (!("with" in instrument)) return instrument;
  return (instrument.with as (values: SlotEntry["labels"]) => unknown)(labels);
}
