import type { Counter, Registry } from "prom-client";
import type { MetricDefinition } from "./definition.ts";
import type { LabelIndex, LabelValues } from "./label-index.ts";
import type { Buckets, SingleValue } from "./series.ts";

interface Sample {
  readonly value: number;
  readonly labels: LabelValues;
  /** Formatted once per series by prom-client, because it is the same object at every scrape. */
  readonly sharedLabels?: LabelValues;
  readonly metricName?: string;
}

/**
 * Lets prom-client's registry expose our series: it asks for samples at each scrape. Where they
 * are counted is our business; `docs/decisions/metrics-as-slots.md` says why.
 */
export function expose(
  registry: Registry,
  definition: MetricDefinition,
  samples: () => readonly Sample[],
): void {
  const { name, help, kind: type, merge: aggregator } = definition;
  const exposed = {
    name,
    help,
    type,
    aggregator,
    getForPromString: () => ({ name, help, type, aggregator, values: samples() }),
    get: () => ({ name, help, type, aggregator, values: samples().map(withAllLabels) }),
  };
  // The registry calls no more than these members; its type asks for one of its own classes.
  registry.registerMetric(exposed as unknown as Counter);
}

/** One sample for each series that has a value. */
export function singleSamples(index: LabelIndex<SingleValue & object>): readonly Sample[] {
  return index.all
    .map(({ labels, series }) => ({ value: series.read(), labels: NONE, sharedLabels: labels }))
    .filter(({ value }) => !Number.isNaN(value));
}

/** Cumulative buckets, sum and count of each series. */
export function histogramSamples(
  name: string,
  bounds: readonly BoundLabel[],
  index: LabelIndex<Buckets>,
): readonly Sample[] {
  const samples: Sample[] = [];
  for (const { labels: sharedLabels, series } of index.all) {
    let count = 0;
    for (const [position, labels] of bounds.entries()) {
      count += series.slots[position] ?? 0;
      samples.push({ value: count, labels, sharedLabels, metricName: `${name}_bucket` });
    }
    const sum = series.slots[bounds.length] ?? 0;
    samples.push(
      { value: sum, labels: NONE, sharedLabels, metricName: `${name}_sum` },
      { value: count, labels: NONE, sharedLabels, metricName: `${name}_count` },
    );
  }
  return samples;
}

/** `le` is no label of the catalogue: every histogram has it. */
export type BoundLabel = LabelValues & { readonly le: string };

/** One `le` label per bucket, the one without an end included. */
export function boundLabels(bounds: readonly number[]): readonly BoundLabel[] {
  return [...bounds.map(String), "+Inf"].map((le) => Object.freeze({ le }));
}

const NONE: LabelValues = Object.freeze({});

function withAllLabels({ labels, sharedLabels, ...sample }: Sample): Sample {
  return { ...sample, labels: { ...sharedLabels, ...labels } };
}
