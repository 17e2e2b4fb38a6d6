import type { ClosedSet, LabelValue, OpenSet } from "./labels.ts";

export type MetricKind = "counter" | "gauge" | "histogram";

/** How values of several processes become one. */
export type MergeRule = "sum" | "max" | "min" | "first" | "average" | "omit";

/** Who a metric is for, and the chapter of the generated page it stands in. */
export type MetricGroup = "original" | "events" | "keys" | "service" | "process";

/** One metric, as data: instruments, documentation and dashboards are all made from it. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: MetricKind;
  readonly group: MetricGroup;
  /** Unit of the value; `1` for a number of things. */
  readonly unit: "seconds" | "bytes" | "1";
  /** One sentence, shown by Prometheus. */
  readonly help: string;
  /** The question an operator answers with it. */
  readonly reason: string;
  /** Label name → the set its values come from. */
  readonly labels: Readonly<Record<string, ClosedSet | OpenSet>>;
  /** Upper bounds in the metric's unit; histograms only. */
  readonly buckets?: readonly number[];
  readonly merge: MergeRule;
  /** Not exposed before the first value, for gauges whose zero would be a lie. */
  readonly absentUntilSet?: true;
}

/** The labels of a metric, each with the type of its set. */
export type LabelsOf<D extends MetricDefinition> = {
  readonly [Label in keyof D["labels"]]: LabelValue<D["labels"][Label] & (ClosedSet | OpenSet)>;
};
