import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEdek, decodeWrappedKey } from "../../src/edek/codec.ts";
import { FakeClock } from "./helpers/fake-clock.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { buildWorld, call, type TenantSketches, type World } from "./helpers/world.ts";

/** One step of a life with several proxies, whose outcome never depends on the order of steps. */
type Step =
  | { readonly kind: "wrap" | "batch"; readonly proxy: number; readonly tenant: number }
  | {
      readonly kind: "rekey";
      readonly proxy: number;
      readonly from: number;
      readonly tenant: number;
    }
  | { readonly kind: "primary"; readonly tenant: number; readonly configuration: number }
  | { readonly kind: "change"; readonly configuration: number }
  | { readonly kind: "refresh" | "restart" | "idle"; readonly proxy: number }
  | { readonly kind: "wait"; readonly hours: number };

const TENANTS = ["a", "b"];
const PROXIES = 2;
const proxy = fc.nat({ max: PROXIES - 1 });
const tenant = fc.nat({ max: TENANTS.length - 1 });
// Configuration 3 is unleased, the others are leased.
const configuration = fc.integer({ min: 1, max: 3 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("wrap", "batch"), proxy, tenant }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("rekey"), proxy, from: fc.nat({ max: 50 }), tenant }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("primary"), tenant, configuration }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("change"), configuration }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("refresh", "restart", "idle"), proxy }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait"), hours: fc.nat({ max: 30 }) }) },
);

describe("whatever happens to leases, configurations and proxies", () => {
  it.for([
    ["bound", { binding: "tenant", leaseMaxWraps: 4, leaseCipher: "aes-256-gcm" }],
    ["XChaCha20-Poly1305", { binding: "tenant" }],
    ["as the original", { binding: "none", leaseMaxWraps: 3 }],
  ] as const)(
    "every EDEK ever issued opens to its own key, and names one configuration: %s",
    { timeout: 60_000 },
    async ([, keys]) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          const life = new Life({ ...keys, leaseCacheSize: 2 });
          for (const next of steps) await life.take(next);
          const wrong = await life.wrongAnywhere();
          await life.end();
          expect(wrong).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );
});

interface Issued {
  readonly tenant: string;
  readonly dek: Buffer;
  readonly edek: Buffer;
}

class Life {
  readonly #keys: NonNullable<Parameters<typeof buildWorld>[0]["keys"]>;
  readonly #vendor = new FakeVendor();
  readonly #clock = new FakeClock();
  readonly #primaries = new Map(TENANTS.map((name) => [name, 1]));
  readonly #versions = new Map([1, 2, 3].map((id) => [id, 0]));
  readonly #proxies: World[] = [];
  readonly #issued: Issued[] = [];

  constructor(keys: NonNullable<Parameters<typeof buildWorld>[0]["keys"]>) {
    this.#keys = keys;
    for (let index = 0; index < PROXIES; index += 1) this.#proxies.push(this.#start());
  }

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case "wrap":
        return this.#issue(TENANTS[next.tenant]!, await this.#service(next).wrap(this.#call(next)));
      case "batch": {
        const keys = await this.#service(next).batchWrap(this.#call(next), ["x", "y", "z"]);
        for (const key of keys.values()) {
          if (key instanceof Error) throw key;
          this.#issue(TENANTS[next.tenant]!, key);
        }
        return;
      }
      case "rekey": {
        const old = this.#issued[next.from % Math.max(this.#issued.length, 1)];
        if (old === undefined) return;
        const [from, to] = [call(old.tenant), TENANTS[next.tenant]!];
        const rekeyed = await this.#service(next).rekey(from, old.edek.toString("base64"), to);
        if (!rekeyed.dek.equals(old.dek)) throw new Error("a rekey changed the key");
        return this.#issue(to, rekeyed);
      }
      case "primary":
        this.#primaries.set(TENANTS[next.tenant]!, next.configuration);
        return;
      case "change":
        this.#versions.set(next.configuration, this.#versions.get(next.configuration)! + 1);
        return;
      case "refresh": {
        const world = this.#proxies[next.proxy]!;
        await world.service.recheck(world.setTenants(this.#tenants()));
        return;
      }
      case "idle": {
        const world = this.#proxies[next.proxy]!;
        const snapshot = world.setTenants(this.#tenants());
        await world.service.recheck(snapshot);
        await world.service.recheck(snapshot);
        return;
      }
      case "restart":
        await this.#proxies[next.proxy]!.service.close();
        this.#proxies[next.proxy] = this.#start();
        return;
      case "wait":
        this.#clock.advance(next.hours * 3_600_000);
    }
  }

  /** Every EDEK that some proxy does not open, or that names two configurations. */
  async wrongAnywhere(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { tenant: name, dek, edek } of this.#issued) {
      for (const { service } of this.#proxies) {
        const opened = await service.unwrap(call(name), edek.toString("base64"));
        if (!opened.equals(dek)) wrong.push(edek.toString("hex"));
      }
      const { kmsConfigId, lease } = decodeEdek(edek);
      const inner = lease && decodeWrappedKey(lease.wrappedKey).kmsConfigId;
      if (inner !== undefined && inner !== kmsConfigId) wrong.push(edek.toString("hex"));
    }
    return wrong;
  }

  async end(): Promise<void> {
    for (const { service, pool } of this.#proxies) {
      await service.close();
      await pool.close();
    }
  }

  #service({ proxy: index }: { readonly proxy: number }): World["service"] {
    return this.#proxies[index]!.service;
  }

  #call({ tenant: index }: { readonly tenant: number }): ReturnType<typeof call> {
    return call(TENANTS[index]!);
  }

  #issue(name: string, { dek, edek }: { readonly dek: Buffer; readonly edek: Buffer }): void {
    this.#issued.push({ tenant: name, dek, edek });
  }

  #start(): World {
    return buildWorld({
      tenants: this.#tenants(),
      vendor: this.#vendor,
      clock: this.#clock,
      keys: this.#keys,
    });
  }

  #tenants(): TenantSketches {
    return Object.fromEntries(
      TENANTS.map((name) => [
        name,
        {
          assignments: [1, 2, 3].map((id) => ({
            id,
            leased: id !== 3,
            primary: this.#primaries.get(name) === id,
            fingerprint: `${id}-${this.#versions.get(id)}`,
          })),
        },
      ]),
    );
  }
}
