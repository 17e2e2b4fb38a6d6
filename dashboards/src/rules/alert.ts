import { Promql, type TargetLabel } from "../promql/promql.ts";

/** `critical` wakes someone up, `warning` waits for the next working hour. */
export type Severity = "warning" | "critical";

/** One alert, before it becomes a rule of Prometheus. */
export interface Alert {
  /** Also the name of the runbook's page. */
  readonly name: string;
  /** PromQL for what is watched, whether or not it is at its limit. */
  readonly value: string;
  /** When the value is too much or too little. Without a limit, any value at all is. */
  readonly limit?: `${"==" | ">" | "<"} ${number}`;
  /** How long it has to be so. */
  readonly for: string;
  readonly severity: Severity;
  /** One line; `$labels` and `$value` as Prometheus fills them in. */
  readonly summary: string;
  readonly description: string;
}

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** What tells one deployment of the proxy from another in the same Prometheus. */
export const DEPLOYMENT: readonly TargetLabel[] = ["cluster", "namespace", "job"];

export const INSTANCE: readonly TargetLabel[] = [...DEPLOYMENT, "instance"];

/** Rates over so long a range survive a missed scrape, and still follow a fault within minutes. */
export const promql: Promql = new Promql({ window: "5m" });

/** For things that happen rarely and count one by one. */
export const promqlRare: Promql = new Promql({ window: "15m" });
