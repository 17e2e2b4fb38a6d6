import { lastingOf, type MetricsSnapshot } from "./metrics.ts";

/** What prom-client makes of a metric. */
interface Plain {
  readonly name: string;
  readonly values: readonly { readonly labels: object; readonly metricName?: string }[];
}

/** A snapshot with the counters and histograms of a later one, as far as that has them. */
export function updated(snapshot: MetricsSnapshot, later: MetricsSnapshot): MetricsSnapshot {
  const told = new Map((snapshot as readonly Plain[]).map((metric) => [metric.name, metric]));
  for (const metric of lastingOf(later) as readonly Plain[]) {
    told.set(metric.name, withMissing(metric, told.get(metric.name)));
  }
  return [...told.values()];
}

function withMissing(later: Plain, { values }: Pick<Plain, "values"> = { values: [] }): Plain {
  const known = new Set(later.values.map(keyOf));
  return { ...later, values: [...later.values, ...values.filter((one) => !known.has(keyOf(one)))] };
}

/** The labels of one metric are always in the same order. */
function keyOf({ labels, metricName }: Plain["values"][number]): string {
  return JSON.stringify([metricName, labels]);
}
