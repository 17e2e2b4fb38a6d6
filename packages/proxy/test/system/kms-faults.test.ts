import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { honest, refusing, type VaultBehaviour, type VaultCall } from "@tenant-security/testkit";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { BATCH_WRAP, body, outcome, post, unwrap, WRAP, wrap } from "./support/requests.ts";
import { startVaultProxy, vaultProxy } from "./support/vault-proxy.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const plaintext = (bytes: Uint8Array): VaultBehaviour =>
  refusing(200, { data: { plaintext: Buffer.from(bytes).toString("base64") } });

/** Wraps well; what it does at an unwrap is another matter. */
const onUnwrap =
  (behaviour: VaultBehaviour): VaultBehaviour =>
  (call) =>
    (call.operation === "encrypt" ? honest : behaviour)(call);

const slow: VaultBehaviour = async (call) => {
  await sleep(50);
  return honest(call);
};

const FAULTS: readonly (readonly [string, VaultBehaviour, number])[] = [
  ["refuses the connection at once", () => ({ status: 0, body: "", broken: "before" }), 208],
  ["answers 500", refusing(500, { errors: ["internal"] }), 208],
  ["answers 503", refusing(503, { errors: ["Vault is sealed"] }), 208],
  ["answers 403", refusing(403, { errors: ["permission denied"] }), 206],
  ["answers 429", refusing(429, { errors: ["slow down"] }), 209],
];

const SENSELESS: readonly (readonly [string, VaultBehaviour])[] = [
  [
    "HTML",
    () => ({ status: 200, body: "<html></html>", headers: { "content-type": "text/html" } }),
  ],
  ["nothing", () => ({ status: 200, body: "" })],
  ["null", refusing(200, null)],
  ["an array", refusing(200, [])],
  ["no data", refusing(200, { data: {} })],
  ["data of the wrong type", refusing(200, { data: { ciphertext: 5, plaintext: {} } })],
  ["half an answer", () => ({ status: 200, body: "x".repeat(1_000), broken: "within" })],
  ["a redirect", () => ({ status: 307, body: "", headers: { location: "http://127.0.0.1:1/" } })],
];

const keyNameOf = (name: string): string => name.replaceAll(" ", "-");

describe("a KMS that", () => {
  let failing = false;
  let url = "";

  beforeAll(async () => {
    // One configuration for each fault, so that none has to do with another's circuit breaker.
    const behaviours = [...FAULTS, ...SENSELESS].map(([name, behaviour]) => [
      keyNameOf(name),
      (call: VaultCall) => (failing ? behaviour : honest)(call),
    ]);
    const started = await startVaultProxy(Object.fromEntries(behaviours));
    url = started.proxy.url;
    return started.stop;
  });

  it.for(FAULTS)("%s has the same code for both directions", async ([name, , code]) => {
    failing = false;
    const tenant = keyNameOf(name);
    const { edek } = await wrap(url, tenant);
    failing = true;

    expect((await post(url, WRAP, body(tenant))).json).toMatchObject({ code });
    expect((await unwrap(url, tenant, edek)).json).toMatchObject({ code });

    failing = false;
    expect((await unwrap(url, tenant, edek)).status).toBe(200);
  });

  it.for(SENSELESS)("answers %s is 204 for a wrap and 205 for an unwrap", async ([name]) => {
    failing = false;
    const tenant = keyNameOf(name);
    const { edek } = await wrap(url, tenant);
    failing = true;

    expect(outcome(await post(url, WRAP, body(tenant)))).toEqual([502, 204]);
    expect(outcome(await unwrap(url, tenant, edek))).toEqual([422, 205]);
  });

  it.for([
    ["too short", randomBytes(31), 205],
    ["too long", randomBytes(64), 205],
    ["empty", Buffer.alloc(0), 205],
    ["bound to nothing it should be", randomBytes(48), 203],
  ] as const)("opens to a key that is %s gives no key away", async ([, bytes, code]) => {
    const { proxy } = await vaultProxy({ kms: onUnwrap(plaintext(bytes)) });
    const { edek } = await wrap(proxy.url, "kms");

    const { json } = await unwrap(proxy.url, "kms", edek);

    expect(json).toEqual({ code, message: expect.stringMatching(/./) });
  });

  it("opens a lease to something else gives no key away", async () => {
    const { proxy, vault } = await vaultProxy({ kms: honest }, { leased: true });
    const { edek } = await wrap(proxy.url, "kms");
    const other = await vaultProxy({ kms: onUnwrap(plaintext(randomBytes(48))) }, { leased: true });

    expect(vault.calls.get("kms")).toBe(1);
    expect(outcome(await unwrap(other.proxy.url, "kms", edek))).toEqual([400, 203]);
  });
});

describe("the one retry", () => {
  it.for([
    ["is made when the KMS is down", refusing(500, { errors: [] }), 2],
    ["is made when the connection breaks", FAULTS[0]![1], 2],
    ["is not made when access is denied", refusing(403, { errors: [] }), 1],
    ["is not made when the KMS throttles", refusing(429, { errors: [] }), 1],
    ["is not made when the answer is senseless", refusing(200, { data: {} }), 1],
  ] as const)("%s", async ([, behaviour, calls]) => {
    const { proxy, vault } = await vaultProxy({ kms: behaviour });

    await post(proxy.url, WRAP, body("kms"));

    expect(vault.calls.get("kms")).toBe(calls);
  });

  it("hides a KMS that was away for a moment", async () => {
    let calls = 0;
    const { proxy } = await vaultProxy({
      kms: (call) => (++calls === 1 ? refusing(503, { errors: [] })(call) : honest(call)),
    });

    expect((await wrap(proxy.url, "kms")).dek).toHaveLength(44);
  });
});

describe("the circuit breaker of a configuration", () => {
  it("stops asking a KMS that is down, tells 208 meanwhile, and finds it again", async () => {
    let down = true;
    const { proxy, vault } = await vaultProxy({
      kms: (call) => (down ? refusing(500, { errors: [] }) : honest)(call),
      other: honest,
    });
    for (let count = 0; count < 10; count += 1) await post(proxy.url, WRAP, body("kms"));
    const before = vault.calls.get("kms") ?? 0;

    for (let count = 0; count < 20; count += 1) {
      expect(outcome(await post(proxy.url, WRAP, body("kms")))).toEqual([503, 208]);
    }
    expect(vault.calls.get("kms")).toBeLessThan(before + 20);
    expect((await wrap(proxy.url, "other")).dek).toHaveLength(44);

    down = false;
    const status = await eventually(
      async () => (await post(proxy.url, WRAP, body("kms"))).status,
      (seen) => seen === 200,
    );
    expect(status).toBe(200);
  });

  it("is not opened by credentials that are refused", async () => {
    let refused = true;
    const { proxy } = await vaultProxy({
      kms: (call) => (refused ? refusing(403, { errors: [] }) : honest)(call),
    });
    for (let count = 0; count < 20; count += 1) {
      expect(outcome(await post(proxy.url, WRAP, body("kms")))).toEqual([403, 206]);
    }

    refused = false;
    expect((await wrap(proxy.url, "kms")).dek).toHaveLength(44);
  });
});

describe("a batch at a KMS", () => {
  it("fails item by item", async () => {
    let call = 0;
    const { proxy } = await vaultProxy(
      {
        // Every other call of its own; a batch of the vendor fails as a whole.
        kms: (request) => (++call % 2 === 0 ? refusing(403, { errors: [] }) : honest)(request),
      },
      { env: { TSP_KMS_CONCURRENCY: "1" } },
    );
    const documentIds = Array.from({ length: 40 }, (_, index) => `id-${index}`);

    const { status, json } = await post(proxy.url, BATCH_WRAP, body("kms", { documentIds }));

    const { keys, failures } = json as Record<"keys" | "failures", Record<string, unknown>>;
    expect(status).toBe(200);
    expect([...Object.keys(keys), ...Object.keys(failures)].toSorted()).toEqual(
      documentIds.toSorted(),
    );
  });

  it("of a thousand does not keep another tenant waiting", async () => {
    const { proxy } = await vaultProxy({ slow, quick: honest });
    const documentIds = Array.from({ length: 1_000 }, (_, index) => `id-${index}`);
    let done = false;
    const batch = post(proxy.url, BATCH_WRAP, body("slow", { documentIds })).then((answer) => {
      done = true;
      return answer;
    });

    await wrap(proxy.url, "quick");
    const finishedFirst = !done;

    expect((await batch).status).toBe(200);
    expect(finishedFirst).toBe(true);
  });
});
