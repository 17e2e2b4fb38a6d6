import type { LabelValue, MetricDefinition } from "@tenant-security/metrics";

/** The labels of one metric, `never` for a metric without. */
export type LabelName<D extends MetricDefinition> = keyof D["labels"] & string;

/** Equal to a value, to one of several, or matching a pattern; with `not`, anything else. */
export type Matcher<V> = V | readonly V[] | RegExp | { readonly not: V | readonly V[] | RegExp };

/** What the series of one metric are narrowed to; the compiler knows the labels and their values. */
export type Matchers<D extends MetricDefinition> = {
  readonly [Label in LabelName<D>]?: Matcher<LabelValue<D["labels"][Label]>>;
};

/** The pairs between the braces of a selector. */
export function renderMatchers<D extends MetricDefinition>(
  matchers: Matchers<D>,
): readonly string[] {
  return Object.entries<Matcher<LabelValue> | undefined>(matchers).flatMap(([label, matcher]) =>
    matcher === undefined ? [] : renderMatcher(label, matcher),
  );
}

function renderMatcher(label: string, matcher: Matcher<LabelValue>): string {
  if (typeof matcher === "object" && "not" in matcher) {
    return renderPair(label, matcher.not, { equal: "!=", matching: "!~" });
  }
  return renderPair(label, matcher, { equal: "=", matching: "=~" });
}

function renderPair(
  label: string,
  wanted: LabelValue | readonly LabelValue[] | RegExp,
  operator: { readonly equal: string; readonly matching: string },
): string {
  if (wanted instanceof RegExp) return `${label}${operator.matching}"${wanted.source}"`;
  if (typeof wanted !== "object") return `${label}${operator.equal}"${wanted}"`;
  return `${label}${operator.matching}"${wanted.map(escaped).join("|")}"`;
}

/** A value inside a pattern, inside a PromQL string. */
function escaped(value: LabelValue): string {
  return String(value).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\\$&`);
}
