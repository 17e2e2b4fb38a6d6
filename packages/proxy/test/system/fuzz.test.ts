import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { type Answer } from "@tenant-security/testkit";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { faultOf } from "./support/faults.ts";
import {
  BATCH_UNWRAP,
  BATCH_WRAP,
  body,
  DERIVE,
  post,
  REKEY,
  REPORT_OPERATIONS,
  SECURITY_EVENT,
  UNWRAP,
  unwrap,
  WRAP,
  wrap,
  type Wrapped,
} from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const RUNS = 320;

// Events are on, so that what gets through runs the whole path.
const proxy = sharedProxy({ TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" });
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
let leased: Wrapped;
let unleased: Wrapped;

beforeAll(async () => {
  leased = await wrap(proxy.url, "leased");
  unleased = await wrap(proxy.url, "unleased");
  return () => agent.destroy();
});

const ENDPOINTS: readonly (readonly [string, () => object])[] = [
  [WRAP, () => ({})],
  [UNWRAP, () => ({ encryptedDocumentKey: leased.edek })],
  [BATCH_WRAP, () => ({ documentIds: ["a", "b"] })],
  [BATCH_UNWRAP, () => ({ edeks: { a: leased.edek, b: "AAAA" } })],
  [REKEY, () => ({ encryptedDocumentKey: leased.edek, newTenantId: "other" })],
  [DERIVE, () => ({ paths: { s: ["d"] }, derivationType: "sha512", secretType: "search" })],
  [SECURITY_EVENT, () => ({ event: "USER_ADD", timestampMillis: 1_700_000_000_000 })],
  [REPORT_OPERATIONS, () => ({ operations: { [leased.edek]: { wraps: 1, unwraps: 1 } } })],
];

/** JSON that means to hurt, beside what fast-check thinks of. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "\ud800",
    "__proto__",
    -1,
    0.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    [],
    [[]],
    {},
    { toString: null },
    { length: 5, 0: "a" },
    "x".repeat(70_000),
    Array.from({ length: 2_000 }, () => null),
    JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}}}'),
  ),
);

/** Every member of a value, however deep, as the path that leads to it. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const members = Object.entries(value as object).map(([name, member]) => [
    name,
    name === key ? replaced(member, rest, by) : (member as unknown),
  ]);
  return Object.fromEntries(members);
}

/** Whether a good request still works. */
async function serves(): Promise<boolean> {
  const { dek, edek } = await wrap(proxy.url, "leased");
  return faultOf(await unwrap(proxy.url, "leased", edek), dek) === undefined;
}

describe("random JSON", () => {
  it.for(ENDPOINTS)(
    "in any member of %s is refused with a code or does no harm",
    async ([path, members]) => {
      const good = body("leased", {
        iclFields: {
          requestingId: "r",
          dataLabel: "d",
          sourceIp: "s",
          objectId: "o",
          requestId: "i",
          event: "CUSTOM_E",
        },
        customFields: { a: "b" },
        ...members(),
      });
      const where = fc.constantFrom(...pathsOf(good));
      let refused = 0;

      await fc.assert(
        fc.asyncProperty(where, junk, async (member, value) => {
          const answer = await post(proxy.url, path, replaced(good, member, value), { agent });
          if (answer.status !== 200) refused += 1;
          expect(faultOf(answer)).toBeUndefined();
        }),
        { numRuns: RUNS },
      );

      expect(refused).toBeGreaterThan(RUNS / 10);
      expect(await serves()).toBe(true);
    },
  );

  it.for(ENDPOINTS)("instead of a whole body of %s is refused", async ([path]) => {
    await fc.assert(
      fc.asyncProperty(junk, async (value) => {
        const answer = await post(proxy.url, path, JSON.stringify(value), { agent });
        expect([answer.status, (answer.json as { code: number }).code]).toEqual([400, 102]);
      }),
      { numRuns: 60 },
    );
    expect(await serves()).toBe(true);
  });

  it.for(ENDPOINTS)(
    "cut and mangled is refused by %s, or still means the same",
    async ([path, members]) => {
      const good = JSON.stringify(body("leased", members()));
      const place = fc.nat({ max: good.length - 1 });

      await fc.assert(
        fc.asyncProperty(place, place, fc.string({ maxLength: 3 }), async (at, length, text) => {
          const mangled = good.slice(0, at) + text + good.slice(at + (length % 5));
          expect(faultOf(await post(proxy.url, path, mangled, { agent }))).toBeUndefined();
        }),
        { numRuns: 100 },
      );
      expect(await serves()).toBe(true);
    },
  );
});

describe("random bytes as an EDEK", () => {
  it("that mean nothing are refused with 203", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await codesOf("leased", Buffer.from(bytes).toString("base64"))).toEqual([203, 203]);
      }),
      { numRuns: 300 },
    );
    expect(await serves()).toBe(true);
  });

  it.for(["leased", "unleased"])(
    "with one changed bit never give a wrong key to %s",
    async (tenant) => {
      const { dek, edek } = tenant === "leased" ? leased : unleased;
      const original = Buffer.from(edek, "base64");

      for (let bit = 0; bit < original.length * 8; bit += 1) {
        const changed = Buffer.from(original);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const answer = await open(tenant, changed.toString("base64"));
        expect(faultOf(answer, dek)).toBeUndefined();
      }
      expect(await serves()).toBe(true);
    },
  );

  it.for(["leased", "unleased"])(
    "put in front, behind or inside never give a wrong key to %s",
    async (tenant) => {
      const { dek, edek } = tenant === "leased" ? leased : unleased;
      const original = Buffer.from(edek, "base64");

      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: original.length }),
          fc.uint8Array({ maxLength: 40 }),
          fc.nat({ max: 40 }),
          async (at, bytes, drop) => {
            const changed = Buffer.concat([
              original.subarray(0, at),
              bytes,
              original.subarray(at + drop),
            ]);
            const answer = await open(tenant, changed.toString("base64"));
            expect(faultOf(answer, dek)).toBeUndefined();
          },
        ),
        { numRuns: 300 },
      );
      expect(await serves()).toBe(true);
    },
  );

  it("of any length up to a mebibyte are refused", async () => {
    for (const length of [0, 1, 100, 10_000, 16_384, 16_385, 100_000, 1_000_000]) {
      const edek = randomBytes(length).toString("base64");
      expect(await codesOf("leased", edek)).toEqual([203, 203]);
    }
    expect(await serves()).toBe(true);
  });
});

function open(tenant: string, edek: string): Promise<Answer> {
  return post(proxy.url, UNWRAP, body(tenant, { encryptedDocumentKey: edek }), { agent });
}

/** Codes of a single and of a batch unwrap. */
async function codesOf(tenant: string, edek: string): Promise<readonly unknown[]> {
  const single = await open(tenant, edek);
  const batch = await post(proxy.url, BATCH_UNWRAP, body(tenant, { edeks: { a: edek } }), {
    agent,
  });
  const { failures } = batch.json as { failures: { a?: { code: number } } };
  return [(single.json as { code?: number }).code, failures.a?.code];
}
