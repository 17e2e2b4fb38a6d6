import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Call } from "../../src/keys/ports.ts";
import type { KeyService } from "../../src/keys/service.ts";
import { refusalOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single } from "./helpers/world.ts";

const TENANTS = { leased: single(1, { leased: true }), unleased: single(2) };
const IDS = Array.from({ length: 2_000 }, (_, index) => `id-${index}`);

/** A call whose client goes in the middle of the work. */
function leavingCall(tenantId: string): Call & { readonly looks: number } {
  const client = new AbortController();
  let looks = 0;
  return {
    ...call(tenantId, client.signal),
    signal: client.signal,
    get abandoned() {
      looks += 1;
      if (looks === 500) client.abort();
      return client.signal.aborted;
    },
    get looks() {
      return looks;
    },
  };
}

describe.for(["leased", "unleased"])(
  "a batch of a tenant that is %s whose client goes",
  (tenant) => {
    it.for(["wraps", "unwraps"])("%s no further", async (use) => {
      const { service, counts } = buildWorld({ tenants: TENANTS });
      const edeks = use === "unwraps" ? await wrapped(service, tenant) : new Map<string, string>();
      counts.clear();
      const leaving = leavingCall(tenant);

      const { status } = await refusalOf(async () =>
        use === "wraps" ? service.batchWrap(leaving, IDS) : service.batchUnwrap(leaving, edeks),
      );

      expect(status).toBe("UNKNOWN_ERROR");
      expect(counts.get(use === "wraps" ? "wrap" : "unwrap") ?? 0).toBeLessThan(1_000);
    });
  },
);

describe("the keys of a batch whose client goes", () => {
  it.for(["wraps", "unwraps"])("are wiped when it %s", async (use) => {
    const { service } = buildWorld({ tenants: TENANTS });
    const edeks = await wrapped(service, "leased");
    const keys: Buffer[] = [];
    const allocUnsafe = Buffer.allocUnsafe.bind(Buffer);
    const spy = vi.spyOn(Buffer, "allocUnsafe").mockImplementation((size) => {
      const buffer = allocUnsafe(size);
      if (size === 32) keys.push(buffer);
      return buffer;
    });
    onTestFinished(() => spy.mockRestore());

    await refusalOf(async () =>
      use === "wraps"
        ? service.batchWrap(leavingCall("leased"), IDS)
        : service.batchUnwrap(leavingCall("leased"), edeks),
    );

    expect(keys.length).toBeGreaterThan(100);
    expect(keys.every((key) => key.every((byte) => byte === 0))).toBe(true);
  });
});

describe("a derivation whose client goes", () => {
  it("ends without an answer", async () => {
    const { service } = buildWorld({ tenants: TENANTS });
    const paths = new Map([["secret", IDS]]);

    const { status } = await refusalOf(() =>
      service.derive(leavingCall("leased"), {
        derivationType: "sha512",
        secretType: "search",
        paths,
      }),
    );

    expect(status).toBe("UNKNOWN_ERROR");
  });
});

async function wrapped(service: KeyService, tenant: string): Promise<Map<string, string>> {
  const keys = await service.batchWrap(call(tenant), IDS);
  return new Map(
    [...keys].map(([id, key]) => {
      if (key instanceof Error) throw key;
      return [id, key.edek.toString("base64")] as const;
    }),
  );
}
