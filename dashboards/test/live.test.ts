import { VariableType } from "@grafana/grafana-foundation-sdk/dashboard";
import { CATALOG } from "@tenant-security/metrics";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { describeWithContainers } from "../../packages/kms-adapters/test/containers/engine.ts";
import { ADAPTER_CONFIG } from "../src/autoscaling/adapter.ts";
import { buildAllMetrics } from "../src/boards/all-metrics.ts";
import { buildOverview } from "../src/boards/overview.ts";
import { ALERT_GROUPS } from "../src/rules/alerts.ts";
import { expressionsOf } from "./expressions.ts";
import type { Sample } from "./live/prometheus.ts";
import { startWorld, type World } from "./live/world.ts";

/** What returns nothing while all is well, and what makes it appear. */
const APPEARS_WHEN: Readonly<Record<string, string>> = {
  TspNoneReady: "no proxy answers 200 to /ready",
};

const PANELS = [buildOverview(), buildAllMetrics()].flatMap(expressionsOf);
const VARIABLES = (buildOverview().templating.list ?? []).filter(
  ({ type }) => type === VariableType.Query,
);
const ALERTS = ALERT_GROUPS.flatMap(({ alerts }) => alerts);

// Proxies listen on loopback, which a container shares only where it runs on the host's own kernel.
describe.skipIf(process.platform !== "linux")("on the host's network, which needs Linux", () => {
  describeWithContainers("a Prometheus that scrapes proxies under traffic", () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld();
      return () => world.stop();
    });

    /** Waits for a sample with a value; a quotient of two zeros is none. */
    const values = (expression: string): Promise<readonly Sample[]> =>
      vi.waitFor(
        async () => {
          const samples = await world.prometheus.query(expression);
          const present = samples.filter(({ value }) => value[1] !== "NaN");
          if (present.length === 0) throw new Error(`no data for ${expression}`);
          return present;
        },
        { timeout: 40_000, interval: 200 },
      );

    describe("has data, and the labels of the legend, for the panel", () => {
      it.for(PANELS)("$place", async ({ expression, legendLabels }) => {
        const samples = await values(filledIn(expression));

        for (const { metric } of samples) {
          expect(Object.keys(metric)).toEqual(expect.arrayContaining([...legendLabels]));
        }
      });
    });

    it.for(VARIABLES)("has values for the variable $name", async ({ name, definition = "" }) => {
      const [, selector = "", label] =
        /^label_values\((.+), (\w+)\)$/.exec(filledIn(definition)) ?? [];
      expect(label).toBe(name);

      const series = await world.prometheus.series(selector);
      expect(series).not.toEqual([]);
      for (const labels of series) expect(labels).toHaveProperty(name);
    });

    it.for(ALERTS.filter(({ name }) => !(name in APPEARS_WHEN)))(
      "has a value that the alert $name watches",
      async ({ value }) => {
        expect(await values(value)).not.toEqual([]);
      },
    );

    it.for(Object.entries(APPEARS_WHEN))(
      "has none for %s, which appears when %s",
      async ([name]) => {
        const { value = "" } = ALERTS.find((alert) => alert.name === name) ?? {};

        expect(await world.prometheus.query(value)).toEqual([]);
      },
    );

    it("sees which proxy is ready: the one of two workers, and not the expired one", async () => {
      await vi.waitFor(
        async () => {
          const samples = await world.prometheus.query(CATALOG.ready.name);
          const ready = samples.map(({ metric, value }) => [metric["pod"], value[1]]);
          expect(Object.fromEntries(ready)).toEqual({ "tsp-0": "1", "tsp-1": "0" });
        },
        { timeout: 40_000, interval: 200 },
      );
    });

    it("evaluates every rule of the committed file", async () => {
      await vi.waitFor(
        async () => {
          const states = await world.prometheus.alerts();
          expect([...states.keys()].toSorted()).toEqual(ALERTS.map(({ name }) => name).toSorted());
          for (const { health } of states.values()) expect(health).toBe("ok");
        },
        { timeout: 40_000, interval: 200 },
      );
    });

    describe.for(ADAPTER_CONFIG.rules)("as prometheus-adapter asks it, about $name.as", (rule) => {
      it("finds the series of each pod", async () => {
        const series = await world.prometheus.series(rule.seriesQuery);

        const pods = series.map(({ namespace, pod }) => `${namespace}/${pod}`);
        expect(new Set(pods)).toEqual(new Set(["shop/tsp-0", "shop/tsp-1"]));
      });

      it("answers with one value for each pod", async () => {
        // As the adapter fills in its template for two pods of a namespace.
        const query = rule.metricsQuery
          .replaceAll("<<.Series>>", rule.name.as)
          .replaceAll("<<.LabelMatchers>>", 'namespace="shop",pod=~"tsp-0|tsp-1"')
          .replaceAll("<<.GroupBy>>", "pod");
        expect(query).not.toContain("<<");

        const samples = await values(query);
        const pods = samples.map(({ metric }) => metric).toSorted(byPod);
        expect(pods).toEqual([{ pod: "tsp-0" }, { pod: "tsp-1" }]);
      });
    });
  });
});

/** As Grafana fills in the variables when all targets are chosen. */
function filledIn(expression: string): string {
  const filled = expression
    .replaceAll("$__rate_interval", "10s")
    .replaceAll(/"\$(namespace|job|instance)"/g, '".*"');
  expect(filled).not.toContain("$");
  return filled;
}

function byPod(one: Sample["metric"], other: Sample["metric"]): number {
  return String(one["pod"]).localeCompare(String(other["pod"]));
}
