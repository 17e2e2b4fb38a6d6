import type { Answer, Proxy } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { BATCH_UNWRAP, BATCH_WRAP, body, post, wrap } from "../support/requests.ts";
import { lineTo, manager, proxyWith, type Tenant } from "./support/manager.ts";

vi.setConfig({ testTimeout: 120_000 });

const PATIENT = { TSP_REQUEST_TIMEOUT_MS: "110000" };

interface BatchAnswer {
  readonly keys: Readonly<Record<string, { readonly edek: string }>>;
  readonly failures: Readonly<Record<string, unknown>>;
}

async function batchWrap({ url }: Proxy, tenant: string, size: number): Promise<BatchAnswer> {
  const documentIds = Array.from({ length: size }, (_, index) => `id-${index}`);
  const content = body(tenant, { documentIds });
  return answerOf(await post(url, BATCH_WRAP, content, { timeoutMs: 110_000 }));
}

function answerOf({ status, json, text }: Answer): BatchAnswer {
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return json as BatchAnswer;
}

/** What the process told about its limits when it started. */
function budget({ program }: Proxy): Readonly<Record<string, unknown>> {
  return program.log.find(({ message }) => message === "starting") ?? {};
}

describe("a batch at a slow KMS that takes one key at a time", () => {
  it.for([
    [1_000, 1_024, 20, 20],
    [5_000, 256, 0, 4],
  ] as const)(
    "of %i opens few connections under a limit of %i descriptors",
    async ([size, descriptors, delayMs, most]) => {
      const kms = await manager();
      const line = await lineTo(kms, delayMs);
      const tenants = [{ id: "acme", kms, host: line.host }];
      const { proxy } = await proxyWith(tenants, { descriptors, env: PATIENT });
      expect(budget(proxy)).toMatchObject({ descriptors });

      const { keys, failures } = await batchWrap(proxy, "acme", size);
      const edeks = Object.fromEntries(Object.entries(keys).map(([id, { edek }]) => [id, edek]));
      const content = body("acme", { edeks });
      const opened = answerOf(await post(proxy.url, BATCH_UNWRAP, content, { timeoutMs: 110_000 }));

      expect([failures, opened.failures]).toEqual([{}, {}]);
      expect(Object.keys(opened.keys)).toHaveLength(size);
      expect(line.peak()).toBeLessThanOrEqual(most);
      expect(proxy.program.log.filter(({ level }) => level === "error")).toEqual([]);
    },
  );
});

describe("batches of many tenants, one after the other", () => {
  it("leave no more connections open than the process can afford", async () => {
    const kms = await manager();
    const line = await lineTo(kms);
    const tenants = Array.from({ length: 60 }, (_, index): Tenant => {
      return { id: `tenant-${index}`, kms, host: line.host };
    });
    const { proxy } = await proxyWith(tenants, { descriptors: 1_024, env: PATIENT });
    const { kmsSockets } = budget(proxy);

    for (const { id } of tenants) expect((await batchWrap(proxy, id, 40)).failures).toEqual({});

    expect(Number(kmsSockets)).toBeLessThan(1_024 / 2);
    expect(line.peak()).toBeLessThanOrEqual(Number(kmsSockets) + 21);
    expect((await batchWrap(proxy, "tenant-0", 40)).failures).toEqual({});
  });
});

describe("connections that nobody uses", () => {
  it("end with the client that was used longest ago", async () => {
    const kms = await manager();
    const line = await lineTo(kms);
    const tenants = Array.from({ length: 6 }, (_, index): Tenant => {
      return { id: `tenant-${index}`, kms, host: line.host };
    });
    const { proxy } = await proxyWith(tenants, { env: { TSP_KMS_CLIENT_CACHE_SIZE: "2" } });

    for (const { id } of tenants) await wrap(proxy.url, id);

    // Two for each client: a call that follows another one at once finds no connection free.
    expect(await eventually(line.open, (open) => open <= 4)).toBeLessThanOrEqual(4);
    for (const { id } of tenants) await wrap(proxy.url, id);
  });

  it("end when the configuration goes", async () => {
    const kms = await manager();
    const [stays, goes] = [await lineTo(kms), await lineTo(kms)];
    const tenants = [
      { id: "stays", kms, host: stays.host },
      { id: "goes", kms, host: goes.host },
    ];
    const { proxy, configure } = await proxyWith(tenants);
    for (const { id } of tenants) await wrap(proxy.url, id);
    expect(goes.open()).toBeGreaterThan(0);

    configure(tenants.slice(0, 1));

    expect(await eventually(goes.open, (open) => open === 0)).toBe(0);
    expect(stays.open()).toBeGreaterThan(0);
  });
});
