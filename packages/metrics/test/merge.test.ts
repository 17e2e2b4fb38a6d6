import { describe, expect, it, onTestFinished } from "vitest";
import { createMetrics, type Metrics, type MetricsSnapshot, scrapeMerged } from "../src/index.ts";
import { parseExposition } from "./parse-exposition.ts";

describe("several processes behind one scrape", () => {
  it("add up counters and gauges of things they each hold", async () => {
    const merged = await merge(
      (metrics) => {
        metrics.keyOperations.with({ operation: "wrap" }).inc(2);
        metrics.eventQueueLength.set(5);
      },
      (metrics) => {
        metrics.keyOperations.with({ operation: "wrap" }).inc(40);
        metrics.eventQueueLength.set(1);
      },
    );

    expect(merged("tsp_key_operations_total", { operation: "wrap" })).toBe(42);
    expect(merged("tsp_event_queue_length")).toBe(6);
  });

  it("take the oldest refresh and the largest of what all of them hold", async () => {
    const merged = await merge(
      (metrics) => {
        metrics.kmsLastConfigRefresh.set(200);
        metrics.tenants.set(10);
      },
      (metrics) => {
        metrics.kmsLastConfigRefresh.set(100);
        metrics.tenants.set(12);
      },
    );

    expect(merged("tsp_kms_last_config_refresh_timestamp_seconds")).toBe(100);
    expect(merged("tsp_tenants")).toBe(12);
  });

  it("are ready when the only one that knows is, and show the certificate that ends first", async () => {
    const merged = await merge(
      (metrics) => metrics.ready.set(1),
      (metrics) => metrics.tlsCertificateExpiry.set(200),
      (metrics) => metrics.tlsCertificateExpiry.set(100),
    );

    expect(merged("tsp_ready")).toBe(1);
    expect(merged("tsp_tls_certificate_expiry_timestamp_seconds")).toBe(100);
  });

  it("add up the buckets, sums and counts of histograms", async () => {
    const labels = { kms_operation: "wrap", kms_type: "GCP", http_code: 200 } as const;
    const merged = await merge(
      (metrics) => metrics.kmsRequestDuration.with(labels).observe(0.002),
      (metrics) => {
        metrics.kmsRequestDuration.with(labels).observe(0.004);
        metrics.kmsRequestDuration.with(labels).observe(3);
      },
    );
    const text = { ...labels, http_code: "200" };

    expect(merged("tsp_kms_request_duration_seconds_bucket", { ...text, le: "0.0025" })).toBe(1);
    expect(merged("tsp_kms_request_duration_seconds_bucket", { ...text, le: "0.005" })).toBe(2);
    expect(merged("tsp_kms_request_duration_seconds_bucket", { ...text, le: "+Inf" })).toBe(3);
    expect(merged("tsp_kms_request_duration_seconds_count", text)).toBe(3);
    expect(merged("tsp_kms_request_duration_seconds_sum", text)).toBeCloseTo(3.006, 9);
  });

  it("can be merged after a trip through JSON, with the process's own metrics", async () => {
    const sent = JSON.stringify(await withProcess().snapshot());
    const snapshot = JSON.parse(sent) as MetricsSnapshot;

    const one = parseExposition(await scrapeMerged([snapshot]));
    const two = parseExposition(await scrapeMerged([snapshot, snapshot]));
    const open = (families: typeof one) => families.get("process_max_fds")?.samples[0]?.value ?? 0;

    expect(open(one)).toBeGreaterThan(0);
    expect(open(two)).toBe(2 * open(one));
  });

  it("started when the first of them did", async () => {
    const started = await withProcess().snapshot();
    const later = started.map((metric) =>
      "name" in metric && metric.name === "process_start_time_seconds"
        ? { ...metric, values: [{ value: 9e9, labels: {} }] }
        : metric,
    );

    const families = parseExposition(await scrapeMerged([later, started, later]));
    const [sample] = families.get("process_start_time_seconds")?.samples ?? [];

    expect(sample?.value).toBeGreaterThan(1e9);
    expect(sample?.value).toBeLessThan(9e9);
  });
});

type Labels = Readonly<Record<string, string>>;

async function merge(...fill: readonly ((metrics: Metrics) => void)[]) {
  const snapshots = fill.map((one) => {
    const metrics = createMetrics({ process: false });
    one(metrics);
    return metrics.snapshot();
  });
  const families = parseExposition(await scrapeMerged(await Promise.all(snapshots)));
  const samples = [...families.values()].flatMap((family) => family.samples);
  return (name: string, labels: Labels = {}) =>
    samples.find((sample) => sample.name === name && sameLabels(sample.labels, labels))?.value;
}

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function withProcess(): Metrics {
  const metrics = createMetrics();
  onTestFinished(() => metrics.close());
  return metrics;
}
