import { describe, expect, it, onTestFinished } from "vitest";
import { CATALOG, createMetrics, LABEL_VALUES, type Metrics, METRICS } from "../src/index.ts";
import { parseExposition } from "./parse-exposition.ts";

/** Copied by hand from the deployment page of the original proxy. */
const ORIGINAL = [
  [
    "tsp_request_duration_seconds",
    "histogram",
    ["endpoint", "kms_type", "http_code", "tsp_status_code"],
  ],
  ["tsp_kms_request_duration_seconds", "histogram", ["kms_operation", "kms_type", "http_code"]],
  ["tsp_requests_in_flight", "gauge", ["endpoint"]],
  ["tsp_key_operations_total", "counter", ["operation"]],
  ["tsp_kms_last_config_refresh_timestamp_seconds", "gauge", []],
  ["tsp_real_time_security_event_failures_total", "counter", []],
  ["tsp_config_refresh_failures_total", "counter", []],
] as const;

describe("the catalogue", () => {
  it.for(ORIGINAL)("has %s of the original, a %s with labels %s", ([name, kind, labels]) => {
    const metric = METRICS.find((one) => one.name === name);

    expect(metric?.kind).toBe(kind);
    expect(Object.keys(metric?.labels ?? {})).toEqual(labels);
  });

  it("has each name once", () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  });

  it.for(METRICS.map((metric) => [metric.name, metric] as const))(
    "names %s by the rules",
    ([name, metric]) => {
      expect(name).toMatch(
        metric.group === "process" ? /^(process|nodejs)_[a-z_]+$/ : /^tsp_[a-z_]+$/,
      );
      expect(name.endsWith("_total")).toBe(metric.kind === "counter");
      const unit = metric.unit === "1" ? "" : `_${metric.unit}`;
      expect(name.replace(/_total$/, "").endsWith(unit)).toBe(true);
    },
  );

  it.for(METRICS.map((metric) => [metric.name, metric] as const))(
    "says what %s is and why it exists",
    ([, { help, reason }]) => {
      for (const text of [help, reason]) expect(text).toMatch(/^[A-Z].{15,}[^.]$/);
      expect(help).not.toBe(reason);
    },
  );

  it("lets no label name a tenant, a key or a path", () => {
    const labels = METRICS.flatMap((metric) => Object.keys(metric.labels));

    expect(labels.filter((label) => /tenant|key|path|id$|host|address/.test(label))).toEqual([]);
  });

  it("has open labels only for HTTP statuses and the version", () => {
    const open = METRICS.flatMap(({ labels }) =>
      Object.entries(labels).filter(([, set]) => !(set in LABEL_VALUES)),
    );

    expect(new Set(open.map(String))).toEqual(new Set(["http_code,httpCode", "version,text"]));
  });

  it.for(METRICS.filter(({ kind }) => kind === "histogram").map((one) => [one.name, one] as const))(
    "has rising buckets from 0.1 ms to 10 s for %s",
    ([, { buckets = [] }]) => {
      expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets);
      expect([buckets[0], buckets.at(-1)]).toEqual([0.0001, 10]);
      expect(new Set(buckets).size).toBe(buckets.length);
    },
  );

  it("gives buckets to histograms and to nothing else", () => {
    const withBuckets = METRICS.filter(({ buckets }) => buckets !== undefined);

    expect(withBuckets).toEqual(METRICS.filter(({ kind }) => kind === "histogram"));
  });
});

describe("a scrape", () => {
  it("contains exactly the metrics of the catalogue, with their types", async () => {
    const families = parseExposition(await withProcess().scrape());

    expect(Object.fromEntries([...families].map(([name, { type }]) => [name, type]))).toEqual(
      Object.fromEntries(METRICS.map(({ name, kind }) => [name, kind])),
    );
  });

  it("explains ours in the words of the catalogue", async () => {
    const families = parseExposition(await createMetrics({ process: false }).scrape());

    expect(Object.fromEntries([...families].map(([name, { help }]) => [name, help]))).toEqual(
      Object.fromEntries(Object.values(CATALOG).map(({ name, help }) => [name, help])),
    );
  });

  it("stays within 2,000 series with every endpoint, three vendors and their usual errors", async () => {
    const metrics = withProcess();
    for (const kms_type of ["AWS", "GCP", "AZURE"] as const) fillWithTraffic(metrics, kms_type);
    metrics.buildInfo.with({ version: "1.2.3" }).set(1);

    const families = parseExposition(await metrics.scrape());
    const series = [...families.values()].flatMap(({ samples }) => samples);

    expect(series.length).toBeGreaterThan(1_000);
    expect(series.length).toBeLessThanOrEqual(2_000);
  });
});

/** What one vendor adds: successes everywhere, throttling and outages where keys are touched. */
function fillWithTraffic(metrics: Metrics, kms_type: "AWS" | "GCP" | "AZURE"): void {
  const { requestDuration, kmsRequestDuration } = metrics;
  for (const endpoint of LABEL_VALUES.endpoint) {
    const success = { endpoint, kms_type, http_code: 200, tsp_status_code: 0 } as const;
    requestDuration.with(success).observe(0.001);
  }
  for (const endpoint of ["/api/1/document/wrap", "/api/1/document/unwrap"] as const) {
    const throttled = { endpoint, kms_type, http_code: 429, tsp_status_code: 209 } as const;
    requestDuration.with(throttled).observe(0.001);
    requestDuration.with({ ...throttled, http_code: 503, tsp_status_code: 208 }).observe(5);
  }
  for (const kms_operation of LABEL_VALUES.kmsOperation) {
    for (const http_code of [0, 200, 429, 503]) {
      kmsRequestDuration.with({ kms_operation, kms_type, http_code }).observe(0.01);
    }
  }
}

function withProcess(): Metrics {
  const metrics = createMetrics();
  onTestFinished(() => metrics.close());
  return metrics;
}
