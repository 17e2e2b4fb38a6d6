import { readFileSync } from "node:fs";
import { CATALOG } from "@tenant-security/metrics";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { ADAPTER_CONFIG } from "../src/autoscaling/adapter.ts";

const FILE = new URL("../rules/prometheus-adapter.yaml", import.meta.url);

describe("the rule for prometheus-adapter", () => {
  it("is committed as built", () => {
    expect(load(readFileSync(FILE, "utf8"))).toEqual(ADAPTER_CONFIG);
  });

  it("gives the metric the name that an autoscaler asks for", () => {
    const { name } = CATALOG.requestsInFlight;

    const names = ADAPTER_CONFIG.rules.map((rule) =>
      name.replace(new RegExp(rule.name.matches), rule.name.as),
    );
    expect(names).toEqual([name]);
  });
});
