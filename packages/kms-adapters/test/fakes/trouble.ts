import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KmsDriver } from "../../src/driver.ts";
import type { KmsErrorCode } from "../../src/errors.ts";
import type { Resolve } from "../../src/http/resolver.ts";
import { Kms } from "../../src/kms.ts";
import { failureOf } from "./failure.ts";
import { cut, drop, hang, html, redirect, reply } from "./mischief.ts";
import { jsonObject, makeCertificate, type Mischief, type VendorServer } from "./vendor-server.ts";

/** What is different about one driver. */
interface DriverChange {
  readonly resolve?: Resolve;
  readonly caCertificate?: string;
}

export interface TroubleWorld {
  readonly server: VendorServer;
  /** Ends of the paths of the three requests that the driver makes. */
  readonly paths: { readonly token: string; readonly wrap: string; readonly unwrap: string };
  readonly driver: (change?: DriverChange) => KmsDriver;
  /** An error answer of the vendor's form, with this text. */
  readonly complaint: (text: string) => unknown;
  /** What must never be in a message, beside what requests hold. */
  readonly secrets: readonly string[];
}

type Row = readonly [what: string, mischief: Mischief, code: KmsErrorCode, httpStatus: number];

const LONG = JSON.stringify("x".repeat(2_000_000));
const ROWS: readonly Row[] = [
  ["is cut in the middle", cut, "KMS_RESPONSE_INVALID", 200],
  ["is a web page", html, "KMS_RESPONSE_INVALID", 200],
  ["is a web page that says not found", reply(404, "<html>"), "KMS_RESPONSE_INVALID", 404],
  ["is an empty object", reply(200, {}), "KMS_RESPONSE_INVALID", 200],
  ["is a list", reply(200, [1]), "KMS_RESPONSE_INVALID", 200],
  ["is null", reply(200, "null"), "KMS_RESPONSE_INVALID", 200],
  ["is empty", reply(200, ""), "KMS_RESPONSE_INVALID", 200],
  ["is longer than any answer", reply(200, LONG), "KMS_RESPONSE_INVALID", 200],
  ["sends elsewhere", redirect("https://127.0.0.1:9/"), "KMS_RESPONSE_INVALID", 307],
  ["is a 500", reply(500, { error: "internal" }), "KMS_UNREACHABLE", 500],
  ["is a 502 of a gateway", reply(502, "<html>bad gateway"), "KMS_UNREACHABLE", 502],
  ["is a 503", reply(503, "busy", { "retry-after": "1" }), "KMS_UNREACHABLE", 503],
  ["is a 429", reply(429, "slow down"), "KMS_THROTTLED", 429],
  ["is a 429 that says when", reply(429, "", { "retry-after": "7" }), "KMS_THROTTLED", 429],
];

/** What any HTTPS service may do to its caller, and what a REST driver makes of it. */
export function describeTrouble(name: string, start: () => Promise<TroubleWorld>): void {
  async function setUp(change?: DriverChange, timeoutMs = 10_000) {
    const world = await start();
    const kms = new Kms(world.driver(change), { timeoutMs });
    onTestFinished(async () => {
      await kms.close();
      await world.server.close();
    });
    return { ...world, kms };
  }

  describe(`${name} in trouble`, { timeout: 30_000 }, () => {
    describe.for(["token", "wrap", "unwrap"] as const)("when the answer to %s", (request) => {
      it.for(ROWS)("%s", async ([, mischief, code, httpStatus]) => {
        const { server, kms, paths } = await setUp();
        const wrapped = request === "unwrap" ? await kms.wrap(randomBytes(32)) : undefined;
        // Twice, because what is unreachable, or not where it is looked for first, is tried again.
        server.misbehave(paths[request], mischief, mischief);

        const call = wrapped ? kms.unwrap(wrapped) : kms.wrap(randomBytes(32));

        expect(await failureOf(call)).toMatchObject({ code, httpStatus });
      });

      it("never comes", async () => {
        const { server, kms, paths } = await setUp({}, 1_000);
        const wrapped = request === "unwrap" ? await kms.wrap(randomBytes(32)) : undefined;
        server.misbehave(paths[request], hang, hang);

        const call = wrapped ? kms.unwrap(wrapped) : kms.wrap(randomBytes(32));

        expect(await failureOf(call)).toMatchObject({ code: "KMS_TIMEOUT", httpStatus: 0 });
      });

      it("is lost with its connection, asks once more", async () => {
        const { server, kms, paths } = await setUp();
        const key = randomBytes(32);
        const wrapped = request === "unwrap" ? await kms.wrap(key) : undefined;
        const before = server.requests.length;
        server.misbehave(paths[request], drop);

        await (wrapped ? kms.unwrap(wrapped) : kms.wrap(key));

        const asked = server.requests.slice(before);
        expect(asked.filter(({ path }) => path.endsWith(paths[request]))).toHaveLength(2);
      });
    });

    it.for(["token", "wrap"] as const)("follows no redirect of %s", async (request) => {
      const { server, kms, paths } = await setUp();
      const elsewhere = await start();
      onTestFinished(elsewhere.server.close);
      const mischief = redirect(`https://127.0.0.1:${elsewhere.server.port}/`);
      server.misbehave(paths[request], mischief, mischief);

      await failureOf(kms.wrap(randomBytes(32)));

      expect(elsewhere.server.connections()).toBe(0);
    });

    it("cannot reach a server that is gone", async () => {
      const { server, kms } = await setUp();
      await server.close();

      expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
        code: "KMS_UNREACHABLE",
        httpStatus: 0,
      });
    });

    it("tells nothing to a server whose certificate nobody signed", async () => {
      const { cert: caCertificate } = await makeCertificate("localhost");
      const { server, kms } = await setUp({ caCertificate });

      expect((await failureOf(kms.wrap(randomBytes(32)))).code).toBe("KMS_UNREACHABLE");
      expect(server.requests).toHaveLength(0);
    });

    it.for(["ENOTFOUND", "EAI_AGAIN"])("cannot reach a name without address: %s", async (code) => {
      const resolve = () => Promise.reject(Object.assign(new Error(code), { code }));
      const { server, kms } = await setUp({ resolve });

      expect((await failureOf(kms.wrap(randomBytes(32)))).code).toBe("KMS_UNREACHABLE");
      expect(server.connections()).toBe(0);
    });

    it("repeats no secret that the vendor repeats", async () => {
      const { server, kms, paths, complaint, secrets } = await setUp();
      const told = new Set(secrets);
      const echo: Mischief = (response, request) => {
        const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
        const values = Object.values(jsonObject(request.body) ?? {}).map(String);
        const secret = [token, ...values].filter((value) => value.length > 10);
        for (const value of secret) told.add(value);
        reply(400, complaint(`You sent ${secret.join(" and ")}`))(response, request);
      };
      const wrapped = await kms.wrap(randomBytes(32));
      server.misbehave(paths.wrap, echo);
      server.misbehave(paths.unwrap, echo);

      const errors = [
        await failureOf(kms.wrap(randomBytes(32))),
        await failureOf(kms.unwrap(wrapped)),
      ];

      const text = errors.map(({ message, cause }) => `${message} ${String(cause)}`).join("\n");
      expect(told.size).toBeGreaterThan(secrets.length + 2);
      for (const value of told) expect(text).not.toContain(value);
    });
  });
}
