import { readFileSync } from "node:fs";
import { dump, load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { describeWithContainers } from "../../packages/kms-adapters/test/containers/engine.ts";
import { buildRuleFile, type Rule, type RuleFile } from "../src/rules/rule-file.ts";
import { AVAILABILITY } from "./rules/availability.ts";
import { CONFIGURATION } from "./rules/configuration.ts";
import { EVENTS } from "./rules/events.ts";
import { KMS } from "./rules/kms.ts";
import { PROCESS } from "./rules/process.ts";
import { REQUESTS } from "./rules/requests.ts";
import type { Scenario, Series } from "./rules/scenario.ts";
import { TLS } from "./rules/tls.ts";
import { usePromtool } from "./support/promtool.ts";

const RULES_FILE = new URL("../rules/tsp-alerts.yaml", import.meta.url);
const RULES: readonly Rule[] = buildRuleFile().groups.flatMap(({ rules }) => rules);
const NAMES = RULES.map(({ alert }) => alert).toSorted();
const SCENARIOS: readonly Scenario[] = [
  ...AVAILABILITY,
  ...CONFIGURATION,
  ...TLS,
  ...REQUESTS,
  ...KMS,
  ...EVENTS,
  ...PROCESS,
];

describe("the alert rules", () => {
  it("are committed as built", () => {
    expect(load(readFileSync(RULES_FILE, "utf8")) as RuleFile).toEqual(buildRuleFile());
  });

  it("have a name each", () => {
    expect(new Set(NAMES).size).toBe(NAMES.length);
  });

  it("have a scenario each", () => {
    expect([...new Set(SCENARIOS.map(({ alert }) => alert))].toSorted()).toEqual(NAMES);
  });
});

describeWithContainers("promtool", () => {
  const promtool = usePromtool();
  let output = "";

  beforeAll(async () => {
    await promtool.write("tsp-alerts.yaml", readFileSync(RULES_FILE, "utf8"));
    const tests = SCENARIOS.flatMap((scenario) => [firing(scenario), silent(scenario)]);
    await promtool.write("tests.yaml", dump({ rule_files: ["tsp-alerts.yaml"], tests }));
    ({ output } = await promtool.run("test", "rules", "tests.yaml"));
  });

  it("accepts the rules", async () => {
    expect(await promtool.run("check", "rules", "tsp-alerts.yaml")).toMatchObject({ exitCode: 0 });
  });

  it("runs the scenarios to their end", () => {
    expect(output).toMatch(/SUCCESS|FAILED:\s+name: Tsp/);
  });

  it.for(SCENARIOS)("$alert fires when $fires.when", (scenario) => {
    expect(failuresOf(output, firing(scenario).name)).toEqual([]);
  });

  it.for(SCENARIOS)("$alert keeps quiet when $quiet.when", (scenario) => {
    expect(failuresOf(output, silent(scenario).name)).toEqual([]);
  });
});

function firing({ alert, fires }: Scenario): TestGroup {
  const rule = RULES.find((one) => one.alert === alert);
  const exp_labels = { ...rule?.labels, ...fires.labels };
  const exp_annotations = { ...rule?.annotations, summary: fires.summary };
  return testGroup(`${alert} fires when ${fires.when}`, alert, fires, [
    { exp_labels, exp_annotations },
  ]);
}

function silent({ alert, quiet }: Scenario): TestGroup {
  return testGroup(`${alert} keeps quiet when ${quiet.when}`, alert, quiet, []);
}

interface TestGroup {
  readonly name: string;
  readonly [member: string]: unknown;
}

function testGroup(
  name: string,
  alertname: string,
  { series, at }: { readonly series: Series; readonly at: string },
  exp_alerts: readonly object[],
): TestGroup {
  const input_series = Object.entries(series).map(([one, values]) => ({ series: one, values }));
  const alert_rule_test = [{ eval_time: at, alertname, exp_alerts }];
  return { name, interval: "1m", input_series, alert_rule_test };
}

/** What promtool says about the test of this name. */
function failuresOf(output: string, name: string): readonly string[] {
  return output.split(/^(?= +name: )/m).filter((part) => part.includes(`name: ${name},\n`));
}
