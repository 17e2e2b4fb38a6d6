import { CATALOG, type MetricDefinition } from "@tenant-security/metrics";
import { type LabelName, type Matchers, renderMatchers } from "./matchers.ts";

/** Labels that Prometheus or Kubernetes put on every series of a target. */
export type TargetLabel = "cluster" | "namespace" | "job" | "instance";

export type By<D extends MetricDefinition> = readonly (LabelName<D> | TargetLabel)[];

type Counting = MetricDefinition & { readonly kind: "counter" | "histogram" };
type Histogram = MetricDefinition & { readonly kind: "histogram" };

export interface PromqlOptions {
  /** Put into every selector, for the variables of a board. */
  readonly matchers?: readonly string[];
  /** The range of rates, such as `5m`. */
  readonly window: string;
}

/**
 * Writes PromQL from catalogue entries, so that a name or a label that does not exist does not
 * compile. A histogram counts by its `_count`.
 */
export class Promql {
  readonly #matchers: readonly string[];
  readonly #window: string;

  constructor({ matchers = [], window }: PromqlOptions) {
    this.#matchers = matchers;
    this.#window = window;
  }

  /** The series of a counter or gauge as they are. */
  series<D extends MetricDefinition>(metric: D, matchers: Matchers<D> = {}): string {
    return ours(metric, this.#select(metric.name, matchers));
  }

  /** A function over the recent values of each series, such as `max_over_time`. */
  over(name: string, metric: MetricDefinition, range: string): string {
    return ours(metric, `${name}(${this.#select(metric.name, {})}[${range}])`);
  }

  rate<D extends Counting>(metric: D, matchers: Matchers<D> = {}): string {
    return ours(metric, `rate(${this.#select(countOf(metric), matchers)}[${this.#window}])`);
  }

  rateBy<D extends Counting>(metric: D, by: By<D>, matchers: Matchers<D> = {}): string {
    return sumBy(by, this.rate(metric, matchers));
  }

  /** How much was counted within the window. */
  increaseBy<D extends Counting>(metric: D, by: By<D>, matchers: Matchers<D> = {}): string {
    const increase = `increase(${this.#select(countOf(metric), matchers)}[${this.#window}])`;
    return sumBy(by, ours(metric, increase));
  }

  /** The share of what was counted that the matchers hold for, between 0 and 1. */
  shareBy<D extends Counting>(
    metric: D,
    by: By<D>,
    part: Matchers<D>,
    whole: Matchers<D> = {},
  ): string {
    const counted = this.rateBy(metric, by, { ...whole, ...part });
    return `${counted} / ${this.rateBy(metric, by, whole)}`;
  }

  /** The same, and 0 where nothing of that kind was counted yet. */
  shareOrZeroBy<D extends Counting>(
    metric: D,
    by: By<D>,
    part: Matchers<D>,
    whole: Matchers<D> = {},
  ): string {
    const all = this.rateBy(metric, by, whole);
    return `(${this.rateBy(metric, by, { ...whole, ...part })} or ${all} * 0) / ${all}`;
  }

  quantileBy<D extends Histogram>(
    quantile: number,
    metric: D,
    by: By<D>,
    matchers: Matchers<D> = {},
  ): string {
    return `histogram_quantile(${quantile}, ${this.bucketsBy(metric, by, matchers)})`;
  }

  bucketsBy<D extends Histogram>(metric: D, by: By<D>, matchers: Matchers<D> = {}): string {
    const buckets = `rate(${this.#select(`${metric.name}_bucket`, matchers)}[${this.#window}])`;
    return sumBy(["le", ...by], ours(metric, buckets));
  }

  #select<D extends MetricDefinition>(name: string, matchers: Matchers<D>): string {
    const pairs = [...this.#matchers, ...renderMatchers(matchers)];
    return pairs.length === 0 ? name : `${name}{${pairs.join(", ")}}`;
  }
}

export function sumBy(by: readonly string[], expression: string): string {
  return by.length === 0 ? `sum(${expression})` : `sum by (${by.join(", ")}) (${expression})`;
}

/** Every process has metrics of that group: takes those of targets that are a proxy. */
function ours({ group }: MetricDefinition, expression: string): string {
  return group === "process" ? `(${expression} and on (job, instance) ${PROXY})` : expression;
}

const PROXY = CATALOG.buildInfo.name;

function countOf({ name, kind }: Counting): string {
  return kind === "histogram" ? `${name}_count` : name;
}
