import type { Alert } from "./rules/alert.ts";
import { ALERT_GROUPS } from "./rules/alerts.ts";
import { expressionOf } from "./rules/rule-file.ts";

/** `docs/runbooks/README.md`: every alert with its page and its condition. */
export function renderRunbookIndex(): string {
  const groups = ALERT_GROUPS.map(
    ({ name, alerts }) => `## ${name}\n\n${alerts.map(renderAlert).join("\n")}`,
  );
  return `${[INTRODUCTION, ...groups].join("\n\n")}\n`;
}

const INTRODUCTION = `# Runbooks

<!-- Generated from the alert rules in dashboards/src/rules. -->

One page for each alert of [tsp-alerts.yaml](../../dashboards/rules/tsp-alerts.yaml): what it means,
what to look at, what to do. \`critical\` wakes someone up, \`warning\` waits for the next working hour.
The board TSP - Overview shows the values, with a dashed line where an alert begins.`;

function renderAlert(alert: Alert): string {
  const { name, severity } = alert;
  return `- [${name}](${name}.md), ${severity} after ${alert.for}: \`${expressionOf(alert)}\``;
}
