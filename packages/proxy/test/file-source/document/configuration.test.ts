import { describe, expect, it } from "vitest";
import { isUnusable } from "../../../src/tenants/records.ts";
import { parseDocument } from "../../../src/file-source/document/parse.ts";
import { document, gcp, local, tenant } from "../helpers.ts";
import { credentials, model, recordOf } from "./helpers.ts";

describe("a configuration that cannot be used", () => {
  it.for([
    [
      "of an unknown type",
      { type: "CYBERARK" },
      'type: expected one of AWS, GCP, AZURE, THALES, VAULT, LOCAL, found "CYBERARK"',
    ],
    ["of a type in small letters", { type: "gcp" }, 'found "gcp"'],
    ["without a type", { type: undefined }, "type: expected one of AWS"],
    ["with a number as type", { type: 7 }, "type: expected one of AWS"],
    ["without a key path", { keyPath: undefined }, "keyPath: is missing"],
    ["with nothing as key path", { keyPath: null }, "keyPath: expected an object"],
    ["with a list as key path", { keyPath: [] }, "keyPath: expected an object"],
    ["without credentials", { credentials: undefined }, "credentials: is missing"],
    ["with nothing as credentials", { credentials: null }, "credentials: expected an object"],
    ["with a text as credentials", { credentials: "x" }, "credentials: expected an object"],
    [
      "with a member missing",
      { keyPath: { projectId: "p", locationId: "l", keyRingId: "r" } },
      "keyPath.cryptoKeyId: is missing",
    ],
    [
      "with nothing as member",
      credentials({ private_key: null }),
      "credentials.private_key: is missing",
    ],
    [
      "with a number as member",
      credentials({ private_key: 42 }),
      "credentials.private_key: expected text; put it in quotes",
    ],
    [
      "with a list as member",
      credentials({ private_key: ["x"] }),
      "credentials.private_key: expected text",
    ],
    [
      "with an empty member",
      credentials({ private_key: "" }),
      "credentials.private_key: expected text, found an empty one",
    ],
    [
      "with an endless member",
      credentials({ private_key: "x".repeat(70_000) }),
      "credentials.private_key: expected at most 65536 characters",
    ],
    [
      "with a reference in its key path",
      {
        keyPath: { projectId: { fromEnv: "P" }, locationId: "l", keyRingId: "r", cryptoKeyId: "k" },
      },
      "keyPath.projectId: expected text",
    ],
    [
      "with an empty reference",
      credentials({ private_key: {} }),
      "expected text, { fromFile: … } or { fromEnv: … }",
    ],
    [
      "with two references in one",
      credentials({ private_key: { fromFile: "a", fromEnv: "B" } }),
      "expected text, { fromFile",
    ],
    [
      "with an unknown reference",
      credentials({ private_key: { fromUrl: "https://x" } }),
      "expected text, { fromFile",
    ],
    [
      "with a reference to no file",
      credentials({ private_key: { fromFile: "" } }),
      "expected fromFile to name a file",
    ],
    [
      "with a reference to a number",
      credentials({ private_key: { fromEnv: 7 } }),
      "expected fromEnv to name a variable",
    ],
    [
      "with a NUL in a path",
      credentials({ private_key: { fromFile: "a\0b" } }),
      "expected fromFile to name a file",
    ],
    [
      "that wants the proxy's own key",
      credentials({ private_key: { fromEnv: "API_KEY" } }),
      "expected fromEnv not to name API_KEY",
    ],
    [
      "with a sealed member",
      credentials({ private_key: { sealed: "eyJ" } }),
      "credentials.private_key: sealed credentials need the Configuration Broker",
    ],
    [
      "with sealed credentials",
      { credentials: { sealed: "eyJ" } },
      "credentials.sealed: sealed credentials need the Configuration Broker",
    ],
    [
      "from a foreign account file",
      credentials({ type: "external_account" }),
      "credentials.type: expected service_account",
    ],
    [
      "with leasing allowed somehow",
      { leasingAllowed: "yes" },
      "leasingAllowed: expected true or false",
    ],
  ] as const)("is one %s", ([, changes, reason]) => {
    const { configurations, problems, tenants } = model(
      document([local(1), gcp(2, changes)], [tenant("acme", 1), tenant("globex", 2)]),
    );

    expect(configurations[0]).toMatchObject({ id: 1, type: "LOCAL" });
    expect(configurations[1]).toEqual({ id: 2, reason: expect.stringContaining(reason) });
    expect(problems).toEqual([
      expect.stringMatching(
        /^c\.yaml:\d+:\d+ kmsConfigurations\[1\]\..*; KMS configuration 2 is left out$/,
      ),
    ]);
    expect(tenants).toHaveLength(2);
  });

  it.for([
    ["a list that is missing", undefined, "credentials.keys: is missing"],
    ["no keys", [], "credentials.keys: expected a list of 1 to 1000 entries"],
    ["an object of keys", { version: 1 }, "credentials.keys: expected a list of"],
    ["too many keys", Array.from({ length: 1_001 }, key), "credentials.keys: expected a list of"],
    ["nothing as key", [null], "credentials.keys[0]: expected an object"],
    [
      "a key of its own",
      [{ version: 1, key: "AAAA" }],
      "credentials.keys[0].key: expected { fromFile: … } or { fromEnv: … }, because a key has no place",
    ],
    ["no key", [{ version: 1 }], "credentials.keys[0].key: expected { fromFile: … } or"],
    [
      "no version",
      [{ key: { fromEnv: "K" } }],
      "credentials.keys[0].version: expected a whole number",
    ],
    ["version zero", [{ version: 0, key: { fromEnv: "K" } }], "version: expected a whole number"],
    [
      "a version above 32 bits",
      [{ version: 2 ** 32, key: { fromEnv: "K" } }],
      "version: expected a",
    ],
    ["a version in quotes", [{ version: "1", key: { fromEnv: "K" } }], "version: expected a whole"],
    ["a version twice", [key(), key()], "credentials.keys[1].version: is there twice"],
  ] as const)("is a local one with %s", ([, keys, reason]) => {
    const { configurations } = model(document([local(1, { credentials: { keys } })], []));
    expect(configurations).toEqual([{ id: 1, reason: expect.stringContaining(reason) }]);
  });

  it.for([
    [{ token: "t" }, undefined],
    [{ roleId: "r", secretId: "s", authMountPath: "approle" }, undefined],
    [{ jwt: "j", role: "r", caCertificate: { fromFile: "ca.pem" } }, undefined],
    [
      { roleId: "r" },
      "credentials: expected exactly one of: token, or roleId and secretId, or jwt and role",
    ],
    [
      { role: "r", secretId: "s" },
      "credentials: expected exactly one of: token, or roleId and secretId, or jwt and role",
    ],
    [
      { token: "t", jwt: "j", role: "r" },
      "credentials: expected exactly one of: token, or roleId and secretId, or jwt and role",
    ],
    [
      { token: null },
      "credentials: expected exactly one of: token, or roleId and secretId, or jwt and role",
    ],
  ] as const)("may be a Vault one: %j", ([given, reason]) => {
    const keyPath = { address: "https://vault.example", mountPath: "transit", keyName: "k" };
    const text = document([{ id: 1, type: "VAULT", keyPath, credentials: given }], []);
    const [configuration] = model(text).configurations;

    expect(configuration && isUnusable(configuration) ? configuration.reason : undefined).toBe(
      reason,
    );
  });

  it("is left out for all of its reasons, the first of which callers are told", () => {
    const { configurations, problems } = model(
      document([gcp(1, { keyPath: {}, credentials: {}, leasingAllowed: 1 })], []),
    );

    expect(configurations).toEqual([
      {
        id: 1,
        reason:
          "leasingAllowed: expected true or false; keyPath.projectId: is missing; " +
          "keyPath.locationId: is missing; keyPath.keyRingId: is missing; " +
          "keyPath.cryptoKeyId: is missing; and 2 more",
      },
    ]);
    expect(problems).toHaveLength(7);
  });

  it.for([null, 7, "x", [], true])("is left out without an id when it is only %j", (entry) => {
    const { configurations, problems } = model(document([entry, local(1)], [tenant("acme", 1)]));

    expect(configurations).toHaveLength(1);
    expect(problems).toEqual([
      expect.stringContaining(
        "kmsConfigurations[0]: left out, because it is not an object with an id",
      ),
    ]);
  });
});

describe("a fingerprint", () => {
  const original = fingerprint(gcp(1));

  it.for([
    ["the id", gcp(2)],
    ["leasing", gcp(1, { leasingAllowed: true })],
    ["an unknown field", gcp(1, { comment: "x" })],
    [
      "the order of members",
      gcp(1, credentials({ private_key: "PEM", client_email: "me@example.com" })),
    ],
  ] as const)("does not depend on %s", ([, entry]) => {
    expect(fingerprint(entry)).toBe(original);
  });

  it.for([
    [
      "a member of the key path",
      gcp(1, { keyPath: { projectId: "q", locationId: "l", keyRingId: "r", cryptoKeyId: "k" } }),
    ],
    ["a credential", gcp(1, credentials({ private_key: "PEM2" }))],
    ["where a credential stands", gcp(1, credentials({ private_key: { fromFile: "PEM" } }))],
    ["which file it stands in", gcp(1, credentials({ private_key: { fromFile: "PEM2" } }))],
    ["the type", local(1)],
  ] as const)("depends on %s", ([, entry]) => {
    expect(fingerprint(entry)).not.toBe(original);
  });

  it("cannot be guessed without the key of the process", () => {
    const other = parseDocument(Buffer.from(document([gcp(1)], [])), {
      file: "c.yaml",
      fingerprintKey: new Uint8Array(32),
    });
    expect(other.model?.configurations[0]).not.toMatchObject({ fingerprint: original });
  });
});

function key(): object {
  return { version: 1, key: { fromEnv: "K" } };
}

function fingerprint(entry: object): string {
  const record = recordOf(entry);
  if (isUnusable(record)) throw new TypeError(record.reason);
  return record.fingerprint;
}
