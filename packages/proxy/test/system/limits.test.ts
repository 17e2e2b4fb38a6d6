import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  API_KEY,
  FakeVault,
  get,
  honest,
  primary,
  RawSocket,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { processesOf } from "./support/processes.ts";
import {
  BATCH_WRAP,
  body,
  outcome,
  post,
  apiRequest,
  WRAP,
  wrap,
  rawRequest,
} from "./support/requests.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const REQUEST = apiRequest(WRAP, body("leased"));

async function open(origin: string): Promise<RawSocket> {
  const socket = await RawSocket.open(origin);
  onTestFinished(() => socket.close());
  return socket;
}

const never: VaultBehaviour = () => new Promise(() => {});

/** A proxy with the tenant `stuck`, whose KMS never answers, and `remote`, whose does. */
async function proxyWithStuckKms(env: Readonly<Record<string, string>>) {
  const vault = await FakeVault.start({ stuck: never, remote: honest });
  onTestFinished(() => vault.close());
  const folder = temporaryFolder();
  const { kmsConfigurations, tenants } = localTenants(folder);
  folder.configure({
    version: 1,
    kmsConfigurations: [
      ...kmsConfigurations,
      vaultConfiguration(31, { address: vault.url, keyName: "stuck" }),
      vaultConfiguration(32, { address: vault.url, keyName: "remote" }),
    ],
    tenants: [
      ...tenants,
      { id: "stuck", configurations: [primary(31)] },
      { id: "remote", configurations: [primary(32)] },
    ],
  });
  const proxy = await temporaryProxy({ folder, env: { TSP_KMS_ALLOWED_HOSTS: vault.url, ...env } });
  return { proxy, vault };
}

describe("connections", () => {
  it("above the limit are closed, while those below it and health are served", async () => {
    const { url, healthUrl } = await temporaryProxy({ env: { TSP_MAX_CONNECTIONS: "3" } });
    const sockets = await Promise.all([open(url), open(url), open(url)]);
    for (const socket of sockets) {
      socket.write(REQUEST);
      expect((await socket.answer()).status).toBe(200);
    }

    const fourth = await open(url);
    await fourth.end();

    expect((await get(`${healthUrl}/ready`)).status).toBe(200);
    for (const socket of sockets) {
      socket.write(REQUEST);
      expect((await socket.answer()).status).toBe(200);
    }
    sockets[0]?.close();
    const status = await eventually(
      () =>
        wrap(url, "leased").then(
          () => 200,
          () => 0,
        ),
      (seen) => seen === 200,
    );
    expect(status).toBe(200);
  });

  it("stay open while they are idle, but not for ever", async () => {
    const { url } = await temporaryProxy({ env: { TSP_KEEP_ALIVE_TIMEOUT_MS: "2000" } });
    const socket = await open(url);
    socket.write(REQUEST);
    await socket.answer();

    await sleep(800);
    expect(socket.ended).toBe(false);
    socket.write(REQUEST);
    expect((await socket.answer()).status).toBe(200);
    await socket.end();
    expect(socket.error).toBeUndefined();
  });

  it.for([
    ["headers", REQUEST.subarray(0, 60)],
    ["body", REQUEST.subarray(0, REQUEST.length - 5)],
  ] as const)("whose %s never end are closed at the deadline", async ([, bytes]) => {
    const { url } = await temporaryProxy({ env: { TSP_REQUEST_TIMEOUT_MS: "1000" } });
    const socket = await open(url);
    socket.write(bytes);

    await socket.end(20_000);

    expect(socket.text).toMatch(/^(HTTP\/1\.1 408 .*)?$/s);
    expect((await wrap(url, "leased")).dek).toHaveLength(44);
  });

  it("that drip one byte at a time are closed at the deadline too", async () => {
    const { url } = await temporaryProxy({ env: { TSP_REQUEST_TIMEOUT_MS: "1000" } });
    const socket = await open(url);
    for (let at = 0; at < REQUEST.length && !socket.ended; at += 1) {
      socket.write(REQUEST.subarray(at, at + 1));
      await sleep(100);
    }

    expect(socket.ended).toBe(true);
    expect(socket.text).not.toContain("200 OK");
  });

  it("that break in the middle of everything harm nobody else", async () => {
    const { url, program } = await temporaryProxy();
    for (let length = 1; length < REQUEST.length; length += 7) {
      const socket = await RawSocket.open(url);
      socket.write(REQUEST.subarray(0, length));
      socket.close();
    }

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    expect(program.running).toBe(true);
  });

  it("that never read their answers do not stop the others", async () => {
    const { url } = await temporaryProxy();
    const documentIds = Array.from({ length: 5_000 }, (_, index) => `id-${index}`);
    const batch = apiRequest(BATCH_WRAP, body("leased", { documentIds }));
    const socket = await open(url);
    socket.pause();
    for (let count = 0; count < 10; count += 1) {
      socket.write(batch);
    }

    for (let count = 0; count < 20; count += 1) await wrap(url, "leased");
    expect((await wrap(url, "unleased")).dek).toHaveLength(44);
  });
});

describe("a body above the limit", () => {
  it.for([
    ["that says so", (text: string) => [`Content-Length: ${text.length}`, text] as const],
    ["in chunks", (text: string) => ["Transfer-Encoding: chunked", chunked(text)] as const],
  ] as const)("%s is 413", async ([, frame]) => {
    const { url } = await temporaryProxy({ env: { TSP_MAX_BODY_BYTES: "65536" } });
    const text = JSON.stringify(body("leased", { padding: "x".repeat(70_000) }));
    const [length, framed] = frame(text);
    const lines = [`Authorization: cmk ${API_KEY}`, "Content-Type: application/json", length];
    const socket = await open(url);

    socket.write(rawRequest(`/api/1/${WRAP}`, framed, lines));

    const answer = await socket.answer();
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      413,
      { code: 102, message: expect.stringContaining("65536") },
    ]);
    expect((await wrap(url, "leased")).dek).toHaveLength(44);
  });
});

describe("what a proxy holds", () => {
  it("does not grow with connections and requests that are over", async () => {
    const proxy = await temporaryProxy();
    const { url } = proxy;
    const descriptors = () =>
      processesOf(proxy).flatMap((pid) => readdirSync(`/proc/${pid}/fd`)).length;
    await wrap(url, "leased");
    await wrap(url, "unleased");
    const before = descriptors();

    for (let count = 0; count < 300; count += 1) {
      const socket = await RawSocket.open(url);
      socket.write(count % 3 === 0 ? "broken\r\n\r\n" : REQUEST.subarray(0, count));
      socket.close();
    }
    await Promise.all(Array.from({ length: 200 }, () => wrap(url, "unleased")));

    expect(await eventually(descriptors, (after) => after <= before + 5)).toBeLessThanOrEqual(
      before + 5,
    );
  });
});

function chunked(text: string): string {
  const chunks = text.match(/.{1,10000}/gs) ?? [];
  return [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
}

describe("a KMS that does not answer", () => {
  it("is 208 at the deadline of the call, its one retry included", async () => {
    const { proxy } = await proxyWithStuckKms({ TSP_KMS_TIMEOUT_MS: "1000" });
    const started = Date.now();

    expect(outcome(await post(proxy.url, WRAP, body("stuck")))).toEqual([503, 208]);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("is 208 at the deadline of the request, when that comes first", async () => {
    const { proxy } = await proxyWithStuckKms({
      TSP_REQUEST_TIMEOUT_MS: "1000",
      TSP_KMS_TIMEOUT_MS: "60000",
    });
    const started = Date.now();

    expect(outcome(await post(proxy.url, WRAP, body("stuck")))).toEqual([503, 208]);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it("is 209 at once when as many calls wait as may", async () => {
    const { proxy, vault } = await proxyWithStuckKms({
      TSP_KMS_CONCURRENCY: "1",
      TSP_KMS_QUEUE_SIZE: "1",
      TSP_KMS_TIMEOUT_MS: "60000",
    });
    const waiting = [1, 2].map(() => post(proxy.url, WRAP, body("stuck")).catch(() => undefined));
    await eventually(
      () => vault.calls.get("stuck") ?? 0,
      (calls) => calls > 0,
    );

    const third = await eventually(
      async () => outcome(await post(proxy.url, WRAP, body("stuck"), { timeoutMs: 5_000 })),
      ([status]) => status === 429,
    );

    expect(third).toEqual([429, 209]);
    expect(waiting).toHaveLength(2);
  });

  it("leaves other tenants alone", async () => {
    const { proxy } = await proxyWithStuckKms({
      TSP_KMS_TIMEOUT_MS: "6000",
    });
    const stuck = Array.from({ length: 100 }, () =>
      post(proxy.url, WRAP, body("stuck"), { timeoutMs: 60_000 }).then(outcome),
    );

    for (const tenant of ["remote", "leased", "unleased"]) {
      expect((await wrap(proxy.url, tenant)).dek).toHaveLength(44);
    }
    const ended = new Set((await Promise.all(stuck)).map(([, code]) => code));
    expect([...ended].filter((code) => code !== 208 && code !== 209)).toEqual([]);
  });
});

describe("health", () => {
  it("answers its three paths and nothing else", async () => {
    const { healthUrl } = await temporaryProxy();
    const paths = ["/live", "/ready", "/health", "/", "/metrics", "/live/"];

    const answers = await Promise.all(paths.map((path) => get(healthUrl + path)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 404, 404]);
  });

  it("answers while the HTTP port is saturated", async () => {
    const { url, healthUrl } = await temporaryProxy();
    const documentIds = Array.from({ length: 1_000 }, (_, index) => `id-${index}`);
    const over = new AbortController();
    const load = Array.from({ length: 64 }, async () => {
      while (!over.signal.aborted) await post(url, BATCH_WRAP, body("leased", { documentIds }));
    });

    const statuses: number[] = [];
    for (let count = 0; count < 20; count += 1) {
      statuses.push((await get(`${healthUrl}/ready`, { timeoutMs: 10_000 })).status);
      await sleep(50);
    }
    over.abort();
    await Promise.all(load);

    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
