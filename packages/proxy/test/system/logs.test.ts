import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { childrenOf, get, Program, proxyEnvironment } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { freePort } from "./support/ports.ts";
import { body, post, unwrap, UNWRAP, WRAP, wrap } from "./support/requests.ts";
import { temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("the log", () => {
  it("has one line for a refused request, which names its ray id and code", async () => {
    const { url, program } = await temporaryProxy();
    const before = program.log.length;

    const { headers } = await unwrap(url, "leased", "AAAA");

    const lines = await eventually(
      () => program.log.slice(before),
      ({ length }) => length > 0,
    );
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines[0])).toContain(String(headers["x-ray-id"]));
    expect(JSON.stringify(lines[0])).toContain("203");
  });

  it("has no line for requests that succeed", async () => {
    const { url, program, healthUrl } = await temporaryProxy();
    const before = program.stdout;

    for (let count = 0; count < 20; count += 1) {
      await wrap(url, "leased");
      await wrap(url, "unleased");
      await get(`${url}/metrics`);
      await get(`${healthUrl}/ready`);
    }
    await unwrap(url, "leased", "AAAA");
    const after = await eventually(
      () => program.stdout.slice(before.length),
      (text) => text.includes("203"),
    );

    expect(after.trim().split("\n")).toHaveLength(1);
  });

  it("is JSON line by line, whatever a caller puts into its fields", async () => {
    const { url, program } = await temporaryProxy({ env: { LOG_LEVEL: "trace" } });
    const forged = 'x\n{"level":"info","message":"forged"}\r\n\u001b[31m\u0000\u2028';

    await post(url, WRAP, body(forged));
    await post(url, WRAP, body("leased", { iclFields: { requestingId: forged, event: [forged] } }));
    await post(url, UNWRAP, body(forged, { encryptedDocumentKey: forged }));
    await post(url, `nothing/${encodeURIComponent(forged)}`, body(forged));
    await program.stop();

    const lines = program.stdout.trim().split("\n");
    expect(program.log).toHaveLength(lines.length);
    expect(program.log.map(({ message }) => message)).not.toContain("forged");
    expect(program.stdout).not.toContain("\u001b[31m");
  });

  it("may have a reader that goes away", async () => {
    const { url, program } = await temporaryProxy();
    program.process.stdout?.destroy();
    program.process.stderr?.destroy();

    for (let count = 0; count < 200; count += 1) await unwrap(url, "leased", "AAAA");

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    expect(program.running).toBe(true);
    expect((await program.stop()).code).toBe(0);
  });

  it("may have a reader that has stalled", async () => {
    const { url, program } = await temporaryProxy();
    program.process.stdout?.pause();

    // More than any pipe holds.
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(Array.from({ length: 50 }, () => unwrap(url, "leased", "AAAA")));
    }

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    program.process.stdout?.resume();
    expect((await program.stop()).code).toBe(0);
  });
});

describe("standard output of several processes", () => {
  it("may be a file on a full disk, while workers serve and end", async () => {
    const { program, url, healthUrl } = await proxyThatWritesTo(openSync("/dev/full", "w"));

    for (let count = 0; count < 20; count += 1) await unwrap(url, "leased", "AAAA");
    for (const worker of childrenOf(program.process.pid ?? 0)) process.kill(worker, "SIGKILL");
    await expect
      .poll(() => metric(url, "tsp_workers").catch(() => 0), { timeout: 20_000 })
      .toBe(WORKERS);

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    expect((await get(`${healthUrl}/ready`)).status).toBe(200);
    expect(await program.stop("SIGTERM", STOP_MS)).toEqual({ code: 0, signal: null });
  });

  it("may be a pipe that is full and that nobody reads, up to the end", async () => {
    const { program, url } = await proxyThatWritesTo(fullPipe());

    for (let count = 0; count < 20; count += 1) await unwrap(url, "leased", "AAAA");

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    expect(await program.stop("SIGTERM", STOP_MS)).toEqual({ code: 0, signal: null });
  });
});

describe("the metrics", () => {
  it("have no more series after requests of every kind than names and labels allow", async () => {
    const { url } = await temporaryProxy();
    const series = async () =>
      (await get(`${url}/metrics`)).text.split("\n").filter((line) => /^\w/.test(line)).length;
    await wrap(url, "leased");
    await unwrap(url, "leased", "AAAA");
    await post(url, "nothing", {});
    const before = await series();

    for (let count = 0; count < 200; count += 1) {
      await post(url, WRAP, body(`tenant-${count}`));
      await post(url, `path-${count}`, {});
      await get(`${url}/path-${count}`);
      await post(url, WRAP, body("leased"), {
        headers: {
          "x-icl-tsc-language": `language-${count}`,
          "x-icl-tsc-version": `${count}.0.0`,
          "user-agent": `agent-${count}`,
        },
      });
    }

    expect(await series()).toBeLessThan(before + 60);
  });

  it("of the original have its names, types and labels", async () => {
    const { url } = await temporaryProxy();
    await wrap(url, "unleased");
    await unwrap(url, "unleased", "AAAA");

    const { text } = await get(`${url}/metrics`);

    for (const line of [
      "# TYPE tsp_request_duration_seconds histogram",
      "# TYPE tsp_kms_request_duration_seconds histogram",
      "# TYPE tsp_requests_in_flight gauge",
      "# TYPE tsp_key_operations_total counter",
      "# TYPE tsp_kms_last_config_refresh_timestamp_seconds gauge",
      "# TYPE tsp_real_time_security_event_failures_total counter",
      "# TYPE tsp_config_refresh_failures_total counter",
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(labelsOf(text, "tsp_request_duration_seconds_count")).toEqual([
      "endpoint",
      "http_code",
      "kms_type",
      "tsp_status_code",
    ]);
    expect(labelsOf(text, "tsp_kms_request_duration_seconds_count")).toEqual([
      "http_code",
      "kms_operation",
      "kms_type",
    ]);
    expect(labelsOf(text, "tsp_requests_in_flight")).toEqual(["endpoint"]);
    expect(labelsOf(text, "tsp_key_operations_total")).toEqual(["operation"]);
    expect(text).toMatch(
      /^tsp_request_duration_seconds_count\{(?=.*endpoint="\/api\/1\/document\/unwrap")(?=.*kms_type="LOCAL")(?=.*http_code="400")(?=.*tsp_status_code="203").*\} 1$/m,
    );
    expect(text).toMatch(
      /^tsp_kms_request_duration_seconds_count\{(?=.*kms_operation="wrap")(?=.*kms_type="LOCAL")(?=.*http_code="200").*\} 1$/m,
    );
  });
});

const WORKERS = 2;

/** Much less than the deadline of a stop. */
const STOP_MS = 5_000;

async function proxyThatWritesTo(stdout: number) {
  onTestFinished(() => closeSync(stdout));
  const [http, health] = [await freePort(), await freePort()];
  const env = {
    ...proxyEnvironment(temporaryFolder()),
    TSP_WORKERS: String(WORKERS),
    TSP_HTTP_BIND_ADDRESS: `127.0.0.1:${http}`,
    TSP_HEALTH_BIND_ADDRESS: `127.0.0.1:${health}`,
  };
  const program = new Program(["start"], { env, stdout });
  onTestFinished(async () => void (await program.stop("SIGKILL")));
  const healthUrl = `http://127.0.0.1:${health}`;
  const ready = () => get(`${healthUrl}/ready`).catch(() => undefined);
  await eventually(ready, (answer) => answer?.status === 200);
  return { program, url: `http://127.0.0.1:${http}`, healthUrl };
}

/** The writing end of a pipe that takes no byte more. */
function fullPipe(): number {
  const path = temporaryFolder().file("pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  const filling = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(filling, Buffer.alloc(4_096));
  } catch {
    // EAGAIN: it is full.
  }
  closeSync(filling);
  return openSync(path, constants.O_WRONLY);
}

/** Names of the labels of the first series with this name. */
function labelsOf(text: string, name: string): readonly string[] {
  const labels = new RegExp(`^${name}\\{(.*?)\\} `, "m").exec(text)?.[1] ?? "";
  return [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label).toSorted();
}
