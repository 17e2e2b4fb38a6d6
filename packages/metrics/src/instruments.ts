import type { Registry } from "prom-client";
import { CATALOG } from "./catalog.ts";
import type { LabelsOf, MetricDefinition } from "./definition.ts";
import { boundLabels, expose, histogramSamples, singleSamples } from "./exposed.ts";
import { LabelIndex, type LabelValues } from "./label-index.ts";
import {
  Buckets,
  Count,
  type CounterSeries,
  type GaugeSeries,
  type HistogramSeries,
  Level,
} from "./series.ts";
import type { Slots, Span } from "./slots.ts";

interface SeriesOfKind {
  readonly counter: CounterSeries;
  readonly gauge: GaugeSeries;
  readonly histogram: HistogramSeries;
}

/** A metric with labels. */
export interface Labelled<Labels, Series> {
  /**
   * The series of these label values, made at first use and the same object ever after.
   * @throws TypeError when a value is not of its label's set
   */
  with(labels: Labels): Series;
}

type InstrumentOf<D extends MetricDefinition> = [keyof D["labels"]] extends [never]
  ? SeriesOfKind[D["kind"]]
  : Labelled<LabelsOf<D>, SeriesOfKind[D["kind"]]>;

/** One instrument for each metric of the catalogue, under the same name. */
export type Instruments = {
  readonly [Name in keyof typeof CATALOG]: InstrumentOf<(typeof CATALOG)[Name]>;
};

/** Makes the instruments, which count in `slots`, and lets `registry` expose them. */
export function createInstruments(registry: Registry, slots: Slots): Instruments {
  const instruments = Object.entries<MetricDefinition>(CATALOG).map(([name, definition]) => {
    const index = createIndex(registry, definition, (length, labels) =>
      slots.take(length, { metric: name, labels }),
    );
    const hasLabels = Object.keys(definition.labels).length > 0;
    return [name, hasLabels ? { with: index.find.bind(index) } : index.find({})];
  });
  // The catalogue's keys, in and out; the mapping of kinds to classes is in `createIndex`.
  return Object.fromEntries(instruments) as Instruments;
}

function createIndex(
  registry: Registry,
  definition: MetricDefinition,
  take: (length: number, labels: LabelValues) => Span,
): LabelIndex<Count> | LabelIndex<Level> | LabelIndex<Buckets> {
  const { kind, name, buckets = [], absentUntilSet = false } = definition;
  if (kind === "histogram") {
    const bounds = Float64Array.from(buckets);
    const labels = boundLabels(buckets);
    const index = new LabelIndex(
      definition,
      (values) => new Buckets(bounds, take(bounds.length + 2, values)),
    );
    expose(registry, definition, () => histogramSamples(name, labels, index));
    return index;
  }
  const index =
    kind === "counter"
      ? new LabelIndex(definition, (values) => new Count(take(1, values)))
      : new LabelIndex(definition, () => new Level(absentUntilSet ? NaN : 0));
  expose(registry, definition, () => singleSamples(index));
  return index;
}
