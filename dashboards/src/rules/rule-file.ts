import { dump } from "js-yaml";
import type { Alert, Severity } from "./alert.ts";
import { ALERT_GROUPS } from "./alerts.ts";

/** A rule as Prometheus and its operator read it. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: Severity };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

/** The content of a rule file, and likewise the `spec` of a `PrometheusRule`. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export function buildRuleFile(): RuleFile {
  return {
    groups: ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) })),
  };
}

/** The rule file as YAML. */
export function renderRuleFile(): string {
  return `${INTRODUCTION}${dump(buildRuleFile(), { lineWidth: -1, noRefs: true })}`;
}

const INTRODUCTION = `# Alert rules of the Tenant Security Proxy, generated from dashboards/src/rules.
# runbook_url is relative to the root of the repository: put your copy's address before it.
`;

function ruleOf({ name, severity, summary, description, ...alert }: Alert): Rule {
  return {
    alert: name,
    expr: expressionOf(alert),
    for: alert.for,
    labels: { severity },
    annotations: { summary, description, runbook_url: `docs/runbooks/${name}.md` },
  };
}

/** The condition of a rule. Comparisons bind tighter than `and`, and looser than arithmetic. */
export function expressionOf({ value, limit }: Pick<Alert, "value" | "limit">): string {
  if (limit === undefined) return value;
  return /^\w+ (and|or|unless) /.test(value) ? `(${value}) ${limit}` : `${value} ${limit}`;
}
