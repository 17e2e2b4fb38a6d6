import { setTimeout as sleep } from "node:timers/promises";
import {
  FakeVault,
  get,
  honest,
  primary,
  type Proxy,
  RawSocket,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { wrapUntilClosed } from "./support/clients.ts";
import { eventually } from "./support/eventually.ts";
import { body, outcome, post, apiRequest, WRAP, wrap } from "./support/requests.ts";
import { temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const REQUEST = apiRequest(WRAP, body("leased"));

/** A proxy whose tenant `slow` has a KMS that answers when the test lets it. */
async function proxyWithSlowKms(env: Readonly<Record<string, string>>) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const slow: VaultBehaviour = async (call) => {
    await released;
    return honest(call);
  };
  const vault = await FakeVault.start({ slow });
  onTestFinished(async () => {
    release();
    await vault.close();
  });
  const folder = temporaryFolder();
  folder.configure({
    version: 1,
    kmsConfigurations: [vaultConfiguration(31, { address: vault.url, keyName: "slow" })],
    tenants: [{ id: "slow", configurations: [primary(31)] }],
  });
  const proxy = await temporaryProxy({
    folder,
    env: { TSP_KMS_ALLOWED_HOSTS: vault.url, TSP_KMS_TIMEOUT_MS: "60000", ...env },
  });
  const atKms = () =>
    eventually(
      () => vault.calls.get("slow") ?? 0,
      (calls) => calls > 0,
    );
  return { proxy, release, atKms };
}

describe("a signal", () => {
  it.for(["SIGTERM", "SIGINT"] as const)(
    "%s stops an idle proxy with exit code 0",
    async (signal) => {
      const { program } = await temporaryProxy({ env: { TSP_DRAIN_DELAY_MS: "100" } });

      expect(await program.stop(signal)).toEqual({ code: 0, signal: null });
    },
  );

  it("does not wait for idle keep-alive connections", async () => {
    const { url, program } = await temporaryProxy({ env: { TSP_SHUTDOWN_DEADLINE_MS: "20000" } });
    const socket = await RawSocket.open(url);
    onTestFinished(() => socket.close());
    socket.write(REQUEST);
    await socket.answer();

    const started = Date.now();
    const exit = await program.stop();

    expect(exit.code).toBe(0);
    expect(Date.now() - started).toBeLessThan(15_000);
    await socket.end();
    expect(socket.error).toBeUndefined();
  });

  it("turns health to 500 at once and serves on during the pause", async () => {
    const { url, healthUrl, program } = await temporaryProxy({
      env: { TSP_DRAIN_DELAY_MS: "5000" },
    });
    const probe = async (path: string) => (await get(healthUrl + path)).status;
    expect(await Promise.all(["/live", "/ready", "/health"].map(probe))).toEqual([200, 200, 200]);

    program.signal("SIGTERM");
    await eventually(
      () => probe("/ready"),
      (status) => status === 500,
    );

    expect(await Promise.all(["/live", "/ready", "/health"].map(probe))).toEqual([500, 500, 500]);
    const answer = await post(url, WRAP, body("leased"));
    expect(answer.status).toBe(200);
    expect((await program.exited).code).toBe(0);
  });

  it("lets a request at the KMS finish", async () => {
    const { proxy, release, atKms } = await proxyWithSlowKms({});
    const request = post(proxy.url, WRAP, body("slow"));
    await atKms();

    proxy.program.signal("SIGTERM");
    await sleep(300);
    release();

    expect((await request).status).toBe(200);
    expect((await proxy.program.exited).code).toBe(0);
  });

  it("lets a request finish that was half sent", async () => {
    const { url, program } = await temporaryProxy();
    const socket = await RawSocket.open(url);
    onTestFinished(() => socket.close());
    socket.write(REQUEST.subarray(0, -10));
    await sleep(200);

    program.signal("SIGTERM");
    await sleep(500);
    socket.write(REQUEST.subarray(-10));

    const answer = await socket.answer();
    expect(answer.status).toBe(200);
    expect(answer.head).toMatch(/^connection: close$/im);
    expect((await program.exited).code).toBe(0);
  });

  it("cuts off what is not done at the deadline, and says so by exit code 1", async () => {
    const { proxy, atKms } = await proxyWithSlowKms({ TSP_SHUTDOWN_DEADLINE_MS: "1000" });
    const request = post(proxy.url, WRAP, body("slow")).then(outcome, () => "cut");
    await atKms();

    const exit = await proxy.program.stop("SIGTERM");

    expect(exit).toEqual({ code: 1, signal: null });
    expect(await request).not.toEqual([200, undefined]);
  });

  it.for([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("%s again leaves at once with exit code %i", async ([signal, code]) => {
    const { proxy, atKms } = await proxyWithSlowKms({});
    const request = post(proxy.url, WRAP, body("slow")).catch(() => undefined);
    await atKms();

    proxy.program.signal("SIGTERM");
    await eventually(() => isStopping(proxy), Boolean);
    proxy.program.signal(signal);

    expect((await proxy.program.exited).code).toBe(code);
    await request;
  });
});

describe("a stop under load", () => {
  it.for([
    ["that never pauses", 0, 500],
    ["that pauses between requests", 50, 1_000],
    ["that never pauses, without a pause of the proxy", 0, 0],
    ["that pauses between requests, without a pause of the proxy", 50, 0],
  ] as const)("%s answers every request that was sent", async ([, pauseMs, drainMs]) => {
    const { url, program } = await temporaryProxy({ env: { TSP_DRAIN_DELAY_MS: String(drainMs) } });
    await wrap(url, "leased");
    const load = wrapUntilClosed(url, 32, pauseMs);
    await sleep(1_000);

    const exit = await program.stop("SIGTERM");
    const { answered, failures } = await load;

    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect(exit).toEqual({ code: 0, signal: null });
  });
});

async function isStopping({ healthUrl }: Proxy): Promise<boolean> {
  return get(`${healthUrl}/live`).then(
    ({ status }) => status === 500,
    () => true,
  );
}
