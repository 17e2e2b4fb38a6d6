import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createMetrics,
  lastingOf,
  type Metrics,
  MIRROR_BYTES,
  readMirror,
  scrapeMerged,
  updated,
} from "../src/index.ts";

const WRAP = {
  endpoint: "/api/1/document/wrap",
  kms_type: "LOCAL",
  http_code: 200,
  tsp_status_code: 0,
} as const;

describe("a mirror", () => {
  it("has what was counted before it was saved, to the last digit", async () => {
    const { fd, metrics, mirror } = mirrored();
    metrics.keyOperations.with({ operation: "wrap" }).inc(3);
    metrics.configRefreshFailures.inc();
    for (const seconds of [0.000_2, 0.3, 77]) metrics.requestDuration.with(WRAP).observe(seconds);
    mirror.save();

    expect(await textOf(fd)).toEqual(await lastingText(metrics));
  });

  it("has series that came later, and nothing that was not saved", async () => {
    const { fd, metrics, mirror } = mirrored();
    for (let http_code = 200; http_code < 300; http_code += 1) {
      metrics.requestDuration.with({ ...WRAP, http_code }).observe(http_code / 1_000);
      mirror.save();
    }
    const saved = await lastingText(metrics);
    metrics.requestDuration.with({ ...WRAP, http_code: 500 }).observe(1);
    metrics.configRefreshFailures.inc();

    expect(await textOf(fd)).toEqual(saved);
  });

  it("shows counters that are read from elsewhere as they were when somebody looked", async () => {
    const { fd, metrics, mirror } = mirrored();
    metrics.eventsSent.collect(() => 12);
    const told = await lastingText(metrics);
    mirror.save();

    expect(told).toContain("tsp_events_sent_total 12");
    expect(await textOf(fd)).toEqual(told);
  });

  it("goes without series for which it has no room", async () => {
    const { fd, metrics, mirror } = mirrored();
    metrics.configRefreshFailures.inc();
    for (let http_code = 100; http_code < 1_000; http_code += 1) {
      metrics.requestDuration.with({ ...WRAP, http_code }).observe(1);
      mirror.save();
    }

    const text = await textOf(fd);
    expect(text).toContain("tsp_config_refresh_failures_total 1");
    expect(text).toContain('http_code="500"');
    expect(text).not.toContain('http_code="999"');
    expect(await lastingText(metrics)).toContain('http_code="999"');
  });

  it("that nobody keeps is no snapshot", () => {
    expect(readMirror(file())).toBeUndefined();
  });

  it("that cannot be written, or was cut off, is no snapshot either", () => {
    const readOnly = openSync("/dev/null", "r");
    onTestFinished(() => closeSync(readOnly));
    const { fd, metrics } = mirrored();
    metrics.mirrorTo(readOnly).save();

    ftruncateSync(fd, 0);

    expect(readMirror(fd)).toBeUndefined();
  });

  it("is read as far as its writer came", async () => {
    const { fd, metrics, mirror } = mirrored();
    metrics.configRefreshFailures.inc();
    mirror.save();
    const saved = await textOf(fd);
    writeSync(fd, '{"metric":"requestDur', endOf(fd));

    expect(await textOf(fd)).toEqual(saved);
  });
});

describe("a snapshot with a later mirror", () => {
  it("keeps the series for which the mirror had no room", async () => {
    const { fd, metrics, mirror } = mirrored();
    for (let http_code = 100; http_code < 1_000; http_code += 1) {
      metrics.requestDuration.with({ ...WRAP, http_code }).observe(1);
    }
    const told = await metrics.snapshot();
    metrics.requestDuration.with({ ...WRAP, http_code: 100 }).observe(1);
    mirror.save();

    const text = await scrapeMerged([updated(told, (await readMirror(fd)) ?? [])]);

    expect(text).toMatch(/^tsp_request_duration_seconds_count{.*http_code="100".*} 2$/m);
    expect(text).toMatch(/^tsp_request_duration_seconds_count{.*http_code="999".*} 1$/m);
    expect(text.match(/^tsp_request_duration_seconds_count/gm)).toHaveLength(900);
  });

  it("keeps what the mirror does not have", async () => {
    const { fd, metrics, mirror } = mirrored();
    metrics.tenants.set(7);
    const told = await metrics.snapshot();
    metrics.configRefreshFailures.inc();
    mirror.save();

    const text = await scrapeMerged([updated(told, (await readMirror(fd)) ?? [])]);

    expect(text).toContain("tsp_config_refresh_failures_total 1");
    expect(text).toContain("tsp_tenants 7");
  });
});

function file(): number {
  const folder = mkdtempSync(join(tmpdir(), "mirror-"));
  const fd = openSync(join(folder, "mirror"), "w+");
  rmSync(folder, { recursive: true });
  writeSync(fd, new Uint8Array(MIRROR_BYTES));
  onTestFinished(() => closeSync(fd));
  return fd;
}

function mirrored() {
  const fd = file();
  const metrics = createMetrics({ process: false });
  return { fd, metrics, mirror: metrics.mirrorTo(fd) };
}

function endOf(fd: number): number {
  const bytes = new Uint8Array(MIRROR_BYTES);
  readSync(fd, bytes, 0, bytes.length, 0);
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

async function textOf(fd: number): Promise<string> {
  return scrapeMerged([lastingOf((await readMirror(fd)) ?? [])]);
}

async function lastingText(metrics: Metrics): Promise<string> {
  return scrapeMerged([lastingOf(await metrics.snapshot())]);
}
