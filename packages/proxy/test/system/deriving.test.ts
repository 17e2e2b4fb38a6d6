import { localKms } from "@tenant-security/kms-adapters/local";
import { type Answer, localConfiguration, primary, runProgram } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { closeEdek, FIELD } from "./support/edek.ts";
import { own } from "./support/own.ts";
import { body, DERIVE, outcome, post } from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";
import { temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const proxy = sharedProxy();

describe("derivation", () => {
  it("answers each path once, whatever its name", async () => {
    const paths = JSON.parse(
      '{"__proto__":["constructor","__proto__","","a","a"],"x":[]}',
    ) as object;

    const { status, json } = await derive("leased", { paths });

    expect(status).toBe(200);
    const { derivedKeys } = json as { derivedKeys: Record<string, Record<string, unknown[]>> };
    expect(Object.keys(derivedKeys).toSorted()).toEqual(["__proto__", "x"]);
    const keys = own(derivedKeys, "__proto__");
    expect(Object.keys(keys).toSorted()).toEqual(["", "__proto__", "a", "constructor"]);
    expect(own(keys, "__proto__")).toEqual([
      {
        derivedKey: expect.stringMatching(/^[\w+/]{86}==$/),
        tenantSecretId: expect.any(Number),
        current: true,
      },
    ]);
  });

  it("gives the same key each time, and another for each type of secret", async () => {
    const types = ["search", "deterministic", "vector"];

    const texts = await Promise.all(
      types.map(async (secretType) => (await derive("unleased", { secretType })).text),
    );

    expect(new Set(texts).size).toBe(3);
    expect((await derive("unleased", { secretType: "search" })).text).toBe(texts[0]);
  });

  it("gives 32 bytes for sha256", async () => {
    const { json } = await derive("leased", { derivationType: "sha256" });
    expect(JSON.stringify(json)).toMatch(/"derivedKey":"[\w+/]{43}="/);
  });

  it("makes one secret for callers that ask at once", async () => {
    const paths = { "asked-at-once": ["path"] };

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => derive("leased", { paths })),
    );

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it.for([
    ["argon2, whose parameters are not published", { derivationType: "argon2" }, [400, 102]],
    ["an unknown derivation", { derivationType: "md5" }, [400, 102]],
    ["an unknown type of secret", { secretType: "other" }, [400, 102]],
    ["no type of secret", { secretType: undefined }, [400, 102]],
    ["no paths", { paths: undefined }, [400, 102]],
    ["paths in an array", { paths: ["a"] }, [400, 102]],
    ["paths that are text", { paths: { a: "b" } }, [400, 102]],
    ["a path that is a number", { paths: { a: [1] } }, [400, 102]],
    ["an empty secret path", { paths: { "": ["a"] } }, [400, 102]],
    ["an unknown tenant", { tenantId: "nobody" }, [404, 201]],
    ["a new path without a primary", { tenantId: "no-primary" }, [422, 401]],
  ] as const)("refuses %s", async ([, members, expected]) => {
    expect(outcome(await derive("leased", members))).toEqual(expected);
  });
});

function derive(tenant: string, members: object): Promise<Answer> {
  const request = {
    derivationType: "sha512",
    secretType: "deterministic",
    paths: { secret: ["path"] },
    ...members,
  };
  return post(proxy.url, DERIVE, body(tenant, request));
}

describe("the published example", () => {
  it("derives the published key from the published secret, imported under its id", async () => {
    const folder = temporaryFolder();
    const key = Buffer.alloc(32, 5);
    const keyFiles = [folder.key("published.key", key)];
    folder.configure({
      version: 1,
      kmsConfigurations: [localConfiguration(510, { keyFiles })],
      tenants: [{ id: "tenant-gcp", configurations: [primary(510)] }],
    });
    const driver = localKms({ keyName: "key-510", keys: [{ version: 1, key }] });
    const secret = Buffer.from("ScbKs2h0XSaBQ/vXp04RmChAffLjh2nxBgRT95j21FM=", "base64");
    const data = Buffer.from(await driver.wrap(secret, { signal: AbortSignal.timeout(10_000) }));
    const element = new Map<number, number | Buffer>([
      [FIELD.data, data],
      [FIELD.configurationId, 510],
    ]);
    const exported = {
      id: 4711,
      tenantId: "tenant-gcp",
      secretType: "deterministic",
      secretPath: "secret",
      rotationStatus: "current",
      encryptedSecret: closeEdek(element),
    };
    const file = folder.write("exported.json", JSON.stringify([exported]));
    const env = { TSP_CONFIG_FILE: folder.configFile };
    expect(await runProgram(["secrets", "import", file], { env })).toMatchObject({ code: 0 });
    const { url } = await temporaryProxy({ folder });

    const { json } = await post(
      url,
      DERIVE,
      body("tenant-gcp", {
        derivationType: "sha512",
        secretType: "deterministic",
        paths: { secret: ["derivPath"] },
      }),
    );

    expect(json).toMatchObject({
      derivedKeys: {
        secret: {
          derivPath: [
            {
              derivedKey:
                "+5RA+h4hWWs28cDBaJ0xf6VekSt+NyqJLnj9/GLugMBgwPhV/Qcefs21asNN+iN3h1H8MSjRlgA+V7CyPfmFYw==",
              tenantSecretId: 4711,
              current: true,
            },
          ],
        },
      },
    });
  });
});
