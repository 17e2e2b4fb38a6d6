import { createHmac } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { encodeEdek } from "../../src/edek/codec.ts";
import { ORIGINAL_LEASE_CIPHER } from "../../src/edek/lease-ciphers.ts";
import type { DerivationAnswer, DerivationRequest } from "../../src/keys/ports.ts";
import { readVectors } from "../edek/vectors.ts";
import { codeOf, refusalOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type World } from "./helpers/world.ts";

interface DerivationVectors {
  readonly vectors: readonly {
    readonly derivationType: "sha256" | "sha512";
    readonly secret: string;
    readonly tenantId: string;
    readonly derivationPath: string;
    readonly derivedKey: string;
  }[];
}

const TENANTS = { acme: single(1), bare: { assignments: [{ id: 1 }] } };
const { vectors } = readVectors("derivation") as DerivationVectors;

describe("the published vectors", () => {
  it.for(vectors)("are met: $derivationType of $tenantId, $derivationPath", async (vector) => {
    const { tenantId, derivationPath, derivationType } = vector;
    const world = buildWorld({ tenants: { [tenantId]: single(1) } });
    await store(world, tenantId, Buffer.from(vector.secret, "base64"));

    const answer = await derive(world, { [PATH]: [derivationPath] }, { derivationType }, tenantId);

    const [key] = keysOf(answer, PATH, derivationPath);
    expect(key?.derivedKey.toString("base64")).toBe(vector.derivedKey);
  });
});

describe("a derived key", () => {
  it.for([
    ["sha512", 64],
    ["sha256", 32],
  ] as const)(
    "of %s has %d bytes: an HMAC over tenant and derivation path",
    async ([derivationType, length]) => {
      const world = buildWorld({ tenants: TENANTS });
      const secret = Buffer.alloc(32, 5);
      await store(world, "acme", secret);

      const answer = await derive(world, { [PATH]: ["a/b", ""] }, { derivationType });

      for (const path of ["a/b", ""]) {
        const [key] = keysOf(answer, PATH, path);
        const expected = createHmac(derivationType, secret).update(`acme-${path}`).digest();
        expect(key).toEqual({ derivedKey: expected, tenantSecretId: 1, current: true });
        expect(key?.derivedKey).toHaveLength(length);
      }
    },
  );

  it("is the same for ever, in every proxy, and differs by path, type and tenant", async () => {
    const world = buildWorld({ tenants: { ...TENANTS, other: single(1) } });
    const again = buildWorld({ tenants: TENANTS, vendor: world.vendor, store: world.store });

    const first = await derive(world, { p: ["x"], q: ["x"] });
    const same = await derive(again, { p: ["x"], q: ["x"] });
    const ofOtherType = await derive(world, { p: ["x"] }, { secretType: "vector" });
    const ofOtherTenant = await derive(world, { p: ["x"] }, {}, "other");

    expect(same).toEqual(first);
    const all = [
      keysOf(first, "p", "x"),
      keysOf(first, "q", "x"),
      keysOf(ofOtherType, "p", "x"),
      keysOf(ofOtherTenant, "p", "x"),
    ].map(([key]) => key?.derivedKey.toString("hex"));
    expect(new Set(all).size).toBe(4);
  });

  it("is there for every path that was asked for, once, whatever its name", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const paths = {
      __proto__x: ["__proto__", "constructor", "0"],
      "": ["twice", "twice"],
      none: [],
    };

    const answer = await derive(world, paths);

    expect([...answer.derivedKeys.keys()]).toEqual(Object.keys(paths));
    expect([...answer.derivedKeys.get("__proto__x")!.keys()]).toEqual(paths.__proto__x);
    expect([...answer.derivedKeys.get("")!.keys()]).toEqual(["twice"]);
    expect(keysOf(answer, "", "twice")).toHaveLength(1);
    expect(answer.derivedKeys.get("none")).toEqual(new Map());
    // Nothing was asked of the last path, so it got no secret.
    expect(world.store.secrets).toHaveLength(2);
  });
});

describe("rotation", () => {
  it("gives the current key first, then those in rotation, never the archived ones", async () => {
    const world = buildWorld({ tenants: TENANTS });
    for (const [status, fill] of [
      ["archived", 1],
      ["in-rotation", 2],
      ["current", 3],
    ] as const) {
      const secret = await store(world, "acme", Buffer.alloc(32, fill));
      world.store.rotate(secret, status);
    }

    const keys = keysOf(await derive(world, { [PATH]: ["x"] }), PATH, "x");

    expect(keys.map(({ tenantSecretId, current }) => [tenantSecretId, current])).toEqual([
      [3, true],
      [2, false],
    ]);
  });

  it("is told from the secrets themselves, in whichever order the store has them", async () => {
    const world = buildWorld({ tenants: TENANTS });
    world.store.rotate(await store(world, "acme", Buffer.alloc(32, 2)), "in-rotation");
    await store(world, "acme", Buffer.alloc(32, 3));
    vi.spyOn(world.store, "find").mockResolvedValue(world.store.secrets);

    const keys = keysOf(await derive(world, { [PATH]: ["x"] }), PATH, "x");

    expect(keys.map(({ current }) => current)).toEqual([true, false]);
  });

  it("shows at once, although the secrets are held in memory", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const [before] = keysOf(await derive(world, { [PATH]: ["x"] }), PATH, "x");
    world.store.rotate(1, "in-rotation");

    const [current, old] = keysOf(await derive(world, { [PATH]: ["x"] }), PATH, "x");

    expect(current).toMatchObject({ tenantSecretId: 2, current: true });
    expect(old).toEqual({ ...before, current: false });
  });
});

describe("a path that was never there", () => {
  it("gets one secret for a hundred requests at once", async () => {
    const world = buildWorld({ tenants: TENANTS });

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => derive(world, { [PATH]: ["x"] })),
    );

    expect(world.store.creations).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(keysOf(answer, PATH, "x")))).size).toBe(
      1,
    );
    expect(world.vendor.calls.map(({ operation }) => operation)).toEqual(["wrap", "unwrap"]);
    expect(world.counts).toEqual(
      new Map([
        ["secret_wrap", 1],
        ["secret_unwrap", 1],
      ]),
    );
  });

  it("gets the one secret that the store kept when two proxies make one", async () => {
    const first = buildWorld({ tenants: TENANTS });
    const second = buildWorld({ tenants: TENANTS, vendor: first.vendor, store: first.store });

    const answers = await Promise.all([
      derive(first, { [PATH]: ["x"] }),
      derive(second, { [PATH]: ["x"] }),
    ]);

    expect(first.store.creations).toBe(2);
    expect(first.store.secrets).toHaveLength(1);
    expect(answers[0]).toEqual(answers[1]);
  });

  it("is 401 for a tenant without a primary", async () => {
    const world = buildWorld({ tenants: TENANTS });

    const error = await refusalOf(() => derive(world, { [PATH]: ["x"] }, {}, "bare"));

    expect(error.status).toBe("SECRET_CREATION_FAILED");
    expect(error.message).toContain("no primary");
    expect(world.events.recorded).toEqual([]);
  });

  it.for([
    ["KMS_AUTH_FAILED", [["DATA_DENY_ACCESS", "acme"]]],
    ["KMS_UNREACHABLE", []],
  ] as const)("is 401 when the KMS says %s", async ([fault, events]) => {
    const world = buildWorld({ tenants: TENANTS });
    world.vendor.faults.set(1, fault);

    const error = await refusalOf(() => derive(world, { [PATH]: ["x"] }));

    expect(error.status).toBe("SECRET_CREATION_FAILED");
    expect(error.message).toContain(`Code: Fake, ${fault}`);
    expect(world.events.recorded).toEqual(events);
  });

  it("is 401 when it cannot be stored, without what the store said", async () => {
    const world = buildWorld({ tenants: TENANTS });
    world.store.failure = new Error("EACCES: /very/secret/path");

    const error = await refusalOf(() => derive(world, { [PATH]: ["x"] }));

    expect(error.status).toBe("SECRET_CREATION_FAILED");
    expect(error.message).toContain("could not be stored");
    expect(error.message).not.toContain("/very/secret/path");
  });
});

describe("hasPrimaryConfig", () => {
  it("is false without a primary, and what is there still derives", async () => {
    const world = buildWorld({ tenants: TENANTS });
    await store(world, "bare", Buffer.alloc(32, 1));

    const answer = await derive(world, { [PATH]: ["x"] }, {}, "bare");

    expect(answer.hasPrimaryConfig).toBe(false);
    expect(keysOf(answer, PATH, "x")).toHaveLength(1);
  });

  it("is false with secrets in rotation only, which still derive", async () => {
    const world = buildWorld({ tenants: TENANTS });
    world.store.rotate(await store(world, "bare", Buffer.alloc(32, 1)), "in-rotation");

    const answer = await derive(world, { [PATH]: ["x"] }, {}, "bare");

    expect(keysOf(answer, PATH, "x").map(({ current }) => current)).toEqual([false]);
  });

  it("is true with a primary", async () => {
    const world = buildWorld({ tenants: TENANTS });

    expect((await derive(world, { [PATH]: ["x"] })).hasPrimaryConfig).toBe(true);
  });
});

describe("a request for derived keys", () => {
  it("is one event, however many keys", async () => {
    const world = buildWorld({ tenants: TENANTS });

    await derive(world, { a: ["x", "y"], b: ["x"] });

    expect(world.events.recorded).toEqual([["CUSTOM_KEY_DERIVE", "acme"]]);
  });

  it("gives no key when its event finds no room", async () => {
    const world = buildWorld({ tenants: TENANTS });
    world.events.room = 0;

    expect(await codeOf(() => derive(world, { a: ["x"] }))).toBe(301);
  });

  it.for([
    [201, {}],
    [202, { acme: { assignments: [{ id: 1, active: false }, { id: 2 }] } }],
    [203, { acme: { assignments: [{ id: 2 }] } }],
    [207, { acme: single(1, { usable: false }) }],
  ] as const)("is %d when the configuration of its secret says so", async ([code, tenants]) => {
    const world = buildWorld({ tenants: TENANTS });
    await derive(world, { a: ["x"] });
    world.setTenants(tenants);

    expect(await codeOf(() => derive(world, { a: ["x"] }))).toBe(code);
  });

  it("fails as a whole when one of its secrets does not open", async () => {
    const world = buildWorld({ tenants: TENANTS });
    await derive(world, { good: ["x"] });
    world.store.add(keyOf("acme", "bad"), Buffer.from("edek"));

    const error = await refusalOf(() => derive(world, { good: ["x"], bad: ["x"] }));

    expect(error.status).toBe("INVALID_PROVIDED_EDEK");
    expect(error.message).toContain("Tenant secret 2");
  });

  it("lets the event loop breathe: ten thousand derivation paths", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const paths = Array.from({ length: 10_000 }, (_, index) => `${index}`);
    let turns = 0;
    let running = true;
    const tick = (): void => {
      turns += 1;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);

    const answer = await derive(world, { [PATH]: paths });
    running = false;

    expect(answer.derivedKeys.get(PATH)?.size).toBe(10_000);
    expect(turns).toBeGreaterThanOrEqual(90);
  });
});

describe("unwrapped secrets", () => {
  it("are kept up to the bound, and wiped beyond it", async () => {
    const world = buildWorld({ tenants: TENANTS, keys: { secretCacheSize: 2 } });
    for (const path of ["a", "b", "c"]) await derive(world, { [path]: ["x"] });
    const asked = world.vendor.count("unwrap");
    await nextTurn();

    expect(world.service.stats).toMatchObject({ secrets: 2, keysInMemory: 2 });
    await derive(world, { b: ["x"], c: ["x"] });
    expect(world.vendor.count("unwrap")).toBe(asked);
    await derive(world, { a: ["x"] });
    expect(world.vendor.count("unwrap")).toBe(asked + 1);
  });

  it("are bound to their tenant: another one's do not open", async () => {
    const world = buildWorld({ tenants: { acme: single(1), thief: single(1) } });
    await derive(world, { [PATH]: ["x"] });
    world.store.add(keyOf("thief"), world.store.secrets[0]!.encryptedSecret);

    expect(await codeOf(() => derive(world, { [PATH]: ["x"] }, {}, "thief"))).toBe(203);
  });

  it("may be leased, as those of the original", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const secret = Buffer.alloc(32, 8);
    const leaseKey = Buffer.alloc(32, 9);
    const wrapped = await world.pool.wrap(configurationOne(world), leaseKey);
    const wrappedKey = encodeEdek({ data: wrapped, kmsConfigId: 1, lease: undefined });
    const iv = Buffer.alloc(12, 1);
    const data = Buffer.alloc(48);
    ORIGINAL_LEASE_CIPHER.seal(data, leaseKey, secret, iv, Buffer.alloc(0));
    const leased = encodeEdek({ data, kmsConfigId: 1, lease: { id: 640, iv, wrappedKey } });
    world.store.add(keyOf("acme"), leased);

    const [key] = keysOf(await derive(world, { [PATH]: ["x"] }), PATH, "x");

    expect(key?.derivedKey).toEqual(createHmac("sha512", secret).update("acme-x").digest());
  });
});

const PATH = "path";

function derive(
  { service }: World,
  paths: Readonly<Record<string, readonly string[]>>,
  request: Partial<DerivationRequest> = {},
  tenantId = "acme",
): Promise<DerivationAnswer> {
  return service.derive(call(tenantId), {
    derivationType: "sha512",
    secretType: "deterministic",
    ...request,
    paths: new Map(Object.entries(paths)),
  });
}

function keysOf(answer: DerivationAnswer, secretPath: string, derivationPath: string) {
  return answer.derivedKeys.get(secretPath)?.get(derivationPath) ?? [];
}

function keyOf(tenantId: string, secretPath = PATH) {
  return { tenantId, secretType: "deterministic", secretPath } as const;
}

/** Puts a secret with known bytes into the store, as the original wraps it; gives back its id. */
async function store(world: World, tenantId: string, secret: Buffer): Promise<number> {
  const data = await world.pool.wrap(configurationOne(world), secret);
  const wrapped = encodeEdek({ data, kmsConfigId: 1, lease: undefined });
  return world.store.add(keyOf(tenantId), wrapped).id;
}

function configurationOne({ snapshot }: World) {
  const configuration = snapshot().configuration(1);
  if (configuration?.usable) return configuration;
  throw new Error("no configuration 1");
}
