import type { MetricDefinition } from "./definition.ts";
import { closedValues, isLabelValue, type LabelValue } from "./labels.ts";

export type LabelValues = Readonly<Record<string, LabelValue>>;

export interface LabelledSeries<S> {
  readonly labels: LabelValues;
  readonly series: S;
}

type Node<S> = Map<unknown, Node<S> | S>;

/**
 * Finds the series of a set of label values, one map per label, so that a look-up makes no string
 * and no object.
 */
export class LabelIndex<S extends object> {
  readonly #definition: MetricDefinition;
  readonly #names: readonly string[];
  readonly #create: (labels: LabelValues) => S;
  readonly #root: Node<S> = new Map();
  readonly #all: LabelledSeries<S>[] = [];

  constructor(definition: MetricDefinition, create: (labels: LabelValues) => S) {
    this.#definition = definition;
    this.#names = Object.keys(definition.labels);
    this.#create = create;
    for (const labels of startingLabels(definition)) this.find(labels);
  }

  /** In the order of first use. */
  get all(): readonly LabelledSeries<S>[] {
    return this.#all;
  }

  /** @throws TypeError when a value is not of its label's set */
  find(labels: LabelValues): S {
    if (this.#names.length === 0) return this.#all[0]?.series ?? this.#add(labels);
    let found: Node<S> | S | undefined = this.#root;
    for (const name of this.#names) {
      found = (found as Node<S>).get(labels[name]);
      if (found === undefined) return this.#add(labels);
    }
    return found as S;
  }

  #add(labels: LabelValues): S {
    const own: Record<string, LabelValue> = {};
    for (const [name, set] of Object.entries(this.#definition.labels)) {
      const value = labels[name];
      if (!isLabelValue(set, value)) {
        throw new TypeError(`${this.#definition.name}: ${name} cannot be ${String(value)}`);
      }
      own[name] = value;
    }
    const series = this.#create(Object.freeze(own));
    this.#link(own, series);
    this.#all.push({ labels: own, series });
    return series;
  }

  #link(labels: LabelValues, series: S): void {
    const last = this.#names.at(-1);
    let node = this.#root;
    for (const name of this.#names.slice(0, -1)) {
      const next = (node.get(labels[name]) as Node<S> | undefined) ?? new Map();
      node.set(labels[name], next);
      node = next;
    }
    if (last !== undefined) node.set(labels[last], series);
  }
}

/**
 * Series that exist from the start, at zero: a counter that appears with its first event hides that
 * event from `rate()`, and an autoscaler cannot work with a gauge that is not there.
 */
function startingLabels({ kind, labels }: MetricDefinition): LabelValues[] {
  if (kind === "histogram") return [];
  let all: Record<string, LabelValue>[] = [{}];
  for (const [name, set] of Object.entries(labels)) {
    const values = closedValues(set);
    if (values === undefined) return [];
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}
