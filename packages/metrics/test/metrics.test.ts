import * as fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { CATALOG, createMetrics, LABEL_VALUES, PROCESS_CATALOG } from "../src/index.ts";
import { parseExposition } from "./parse-exposition.ts";

const WRAP = {
  endpoint: "/api/1/document/wrap",
  kms_type: "AWS",
  http_code: 200,
  tsp_status_code: 0,
} as const;

describe("a counter", () => {
  it("starts at zero for every value of a closed label", async () => {
    const samples = await samplesOf("tsp_key_operations_total", create());

    expect(samples).toEqual(
      LABEL_VALUES.keyOperation.map((operation) => [{ operation }, 0] as const),
    );
  });

  it("adds what it is told", async () => {
    const metrics = create();
    metrics.keyOperations.with({ operation: "wrap" }).inc();
    metrics.keyOperations.with({ operation: "wrap" }).inc(1_000);

    const samples = await samplesOf("tsp_key_operations_total", metrics);

    expect(samples).toContainEqual([{ operation: "wrap" }, 1_001]);
  });

  it.for([-1, -0.5, Number.NaN])("refuses to grow by %d", (by) => {
    expect(() => create().configRefreshFailures.inc(by)).toThrow(RangeError);
  });

  it("reads a collector at each scrape, and never shows less than before", async () => {
    const metrics = create();
    let sent = 7;
    metrics.eventsSent.collect(() => sent);
    const seen = [];
    for (sent of [7, 9, 2, 10]) seen.push(await valueOf("tsp_events_sent_total", metrics));

    expect(seen).toEqual([7, 9, 9, 10]);
  });
});

describe("a gauge", () => {
  it("goes up, down and to a value", async () => {
    const metrics = create();
    const inFlight = metrics.requestsInFlight.with({ endpoint: "/metrics" });
    inFlight.inc();
    inFlight.inc(2);
    inFlight.dec();
    metrics.tenants.set(12);

    const samples = await samplesOf("tsp_requests_in_flight", metrics);

    expect(samples).toContainEqual([{ endpoint: "/metrics" }, 2]);
    expect(await valueOf("tsp_tenants", metrics)).toBe(12);
  });

  it("exists for every endpoint from the start, because an autoscaler looks at it", async () => {
    const samples = await samplesOf("tsp_requests_in_flight", create());

    expect(samples).toEqual(LABEL_VALUES.endpoint.map((endpoint) => [{ endpoint }, 0]));
  });

  it("shows no time of a refresh before there was one", async () => {
    const metrics = create();
    const name = "tsp_kms_last_config_refresh_timestamp_seconds";
    expect(await samplesOf(name, metrics)).toEqual([]);

    metrics.kmsLastConfigRefresh.set(1_700_000_000);

    expect(await valueOf(name, metrics)).toBe(1_700_000_000);
  });

  it("reads a collector at each scrape", async () => {
    const metrics = create();
    let held = 3;
    metrics.eventQueueLength.collect(() => held);
    expect(await valueOf("tsp_event_queue_length", metrics)).toBe(3);

    held = 1;

    expect(await valueOf("tsp_event_queue_length", metrics)).toBe(1);
  });
});

describe("a histogram", () => {
  it("counts a value into every bucket at or above it", async () => {
    const metrics = create();
    metrics.requestDuration.with(WRAP).observe(0.0001);
    metrics.requestDuration.with(WRAP).observe(0.3);
    metrics.requestDuration.with(WRAP).observe(99);

    const text = await metrics.scrape();
    const labels = Object.entries(WRAP).map(([name, value]) => `${name}="${value}"`);
    const line = (le: string) => `tsp_request_duration_seconds_bucket{le="${le}",${labels.join()}}`;

    expect(text).toContain(`${line("0.0001")} 1\n`);
    expect(text).toContain(`${line("0.25")} 1\n`);
    expect(text).toContain(`${line("0.5")} 2\n`);
    expect(text).toContain(`${line("+Inf")} 3\n`);
    expect(text).toContain(`tsp_request_duration_seconds_sum{${labels.join()}} 99.3001\n`);
    expect(text).toContain(`tsp_request_duration_seconds_count{${labels.join()}} 3\n`);
  });

  it.for([-1, Number.NaN, Infinity])("refuses to observe %d", (value) => {
    expect(() => create().requestDuration.with(WRAP).observe(value)).toThrow(RangeError);
  });

  it("says what prom-client's own histogram says of the same values", async () => {
    const { name, help, buckets, labels } = CATALOG.kmsRequestDuration;
    const observation = fc.record({
      value: fc.oneof(
        fc.constantFrom(...buckets),
        fc.double({ min: 0, max: 20, noNaN: true, noDefaultInfinity: true }),
      ),
      labels: fc.record({
        kms_operation: fc.constantFrom(...LABEL_VALUES.kmsOperation),
        kms_type: fc.constantFrom(...LABEL_VALUES.kmsType),
        http_code: fc.constantFrom(0, 200, 403, 503),
      }),
    });

    await fc.assert(
      fc.asyncProperty(fc.array(observation), async (observations) => {
        const registry = new Registry();
        const reference = new Histogram({
          name,
          help,
          buckets: [...buckets],
          labelNames: Object.keys(labels),
          registers: [registry],
        });
        const metrics = create();
        for (const { value, labels } of observations) {
          reference.observe(labels, value);
          metrics.kmsRequestDuration.with(labels).observe(value);
        }

        const ours = parseExposition(await metrics.scrape()).get(name);

        expect(ours).toEqual(parseExposition(await registry.metrics()).get(name));
      }),
      { numRuns: 50 },
    );
  });
});

describe("labels", () => {
  it("give the same series every time, so that a caller may keep it", () => {
    const { requestDuration } = create();

    expect(requestDuration.with({ ...WRAP })).toBe(requestDuration.with({ ...WRAP }));
    expect(requestDuration.with({ ...WRAP, http_code: 503 })).not.toBe(requestDuration.with(WRAP));
  });

  it.for([
    ["an endpoint that is none", { endpoint: "/api/1/tenants/acme" }],
    ["a vendor that is none", { kms_type: "acme" }],
    ["a status of four digits", { http_code: 1_000 }],
    ["a status that is text", { http_code: "200" }],
    ["a code that is not in the protocol", { tsp_status_code: 999 }],
    ["no value at all", { tsp_status_code: undefined }],
  ] as const)("refuse %s", ([, wrong]) => {
    const { requestDuration } = create();

    expect(() => requestDuration.with({ ...WRAP, ...(wrong as object) })).toThrow(TypeError);
  });

  it("make no series when they are refused", async () => {
    const metrics = create();
    expect(() => metrics.eventsDropped.with({ reason: "acme" as "CLOSED" })).toThrow(TypeError);

    expect(await metrics.scrape()).not.toContain("acme");
  });

  it("escape text", async () => {
    const metrics = create();
    metrics.buildInfo.with({ version: 'a"b\\c\nd' }).set(1);

    expect(await samplesOf("tsp_build_info", metrics)).toEqual([[{ version: 'a"b\\c\nd' }, 1]]);
  });
});

describe("two sets of metrics", () => {
  it("share nothing", async () => {
    const first = create();
    first.configRefreshFailures.inc();

    expect(await valueOf("tsp_config_refresh_failures_total", create())).toBe(0);
    expect(await valueOf("tsp_config_refresh_failures_total", first)).toBe(1);
  });
});

describe("a scrape", () => {
  it("shows figures of one moment, also when they change while it is written", async () => {
    const metrics = create();
    const ledger = { accepted: 10, sent: 4, held: 6 };
    metrics.eventsAccepted.collect(() => ledger.accepted);
    metrics.eventsSent.collect(() => ledger.sent);
    metrics.eventQueueLength.collect(() => ledger.held);

    const scraping = metrics.scrape();
    Object.assign(ledger, { accepted: 99, sent: 0, held: 0 });
    const families = parseExposition(await scraping);
    const value = (name: string) => families.get(name)?.samples[0]?.value;

    expect(value("tsp_events_accepted_total")).toBe(10);
    expect(value("tsp_events_sent_total")).toBe(4);
    expect(value("tsp_event_queue_length")).toBe(6);
  });

  it("is served as the Prometheus text format", () => {
    expect(create().contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  it("has the process on request only", async () => {
    expect(await create().scrape()).not.toContain("process_");
  });

  it.for(
    Object.values(PROCESS_CATALOG)
      .map(({ name }) => name)
      .filter((name) => name !== "process_cpu_system_seconds_total"),
  )("has a live value of %s", async (name) => {
    const metrics = createMetrics();
    onTestFinished(() => metrics.close());
    const end = performance.now() + 20;
    while (performance.now() < end);

    expect(await valueOf(name, metrics)).toBeGreaterThan(0);
  });

  it("shows how long the event loop was held up, once", async () => {
    const metrics = createMetrics();
    onTestFinished(() => metrics.close());
    const end = performance.now() + 150;
    while (performance.now() < end);
    await delay(50);

    expect(await valueOf("tsp_event_loop_lag_seconds", metrics)).toBeGreaterThan(0.1);
    expect(await valueOf("tsp_event_loop_lag_seconds", metrics)).toBe(0);
  });
});

function create() {
  return createMetrics({ process: false });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function samplesOf(name: string, metrics: { scrape(): Promise<string> }) {
  const family = parseExposition(await metrics.scrape()).get(name);
  return family?.samples.map(({ labels, value }) => [labels, value]);
}

async function valueOf(name: string, metrics: { scrape(): Promise<string> }) {
  const samples = await samplesOf(name, metrics);
  return samples?.length === 1 ? samples[0]?.[1] : samples;
}
