import { describe, expect, it } from "vitest";
import { startHttp } from "./support/start.ts";

const DERIVE = "/api/1/key/derive-with-secret-path";
const REQUEST = { derivationType: "sha512", secretType: "deterministic", paths: { a: ["b"] } };

type Derived = Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>;

describe("POST /api/1/key/derive-with-secret-path", () => {
  it("answers each path, the current key first", async () => {
    const { post, keys } = await startHttp();

    const { status, json } = await post(DERIVE, {
      ...REQUEST,
      paths: { first: ["x", "y", "x"], "": undefined, __: [], second: ["x"] },
    });

    const both = [key(7, true), key(3, false)];
    expect([status, json]).toEqual([
      200,
      {
        hasPrimaryConfig: true,
        derivedKeys: { first: { x: both, y: both }, __: {}, second: { x: both } },
      },
    ]);
    expect(keys.calls.map(({ asked }) => asked)).toEqual([
      {
        derivationType: "sha512",
        secretType: "deterministic",
        paths: new Map([
          ["first", ["x", "y"]],
          ["__", []],
          ["second", ["x"]],
        ]),
      },
    ]);
  });

  it("keeps paths of any text apart", async () => {
    const { post } = await startHttp();
    const odd = ["constructor", "0", "ü\u{1F511}", 'a"b\\', "x".repeat(1_000), ""];
    const paths = `{"__proto__":${JSON.stringify(odd)},"toString":["__proto__"]}`;
    const body = JSON.stringify({
      ...REQUEST,
      paths: 0,
      tenantId: "acme",
      iclFields: { requestingId: "r" },
    });

    const { json } = await post(DERIVE, body.replace('"paths":0', `"paths":${paths}`));

    const { derivedKeys } = json as { derivedKeys: Derived };
    expect(Object.keys(derivedKeys)).toEqual(["__proto__", "toString"]);
    const [first] = Object.values(derivedKeys);
    expect(Object.keys(first ?? {}).toSorted()).toEqual(odd.toSorted());
    expect(Object.keys(derivedKeys["toString"] ?? {})).toEqual(["__proto__"]);
  });

  it("answers no paths with no keys", async () => {
    const { post } = await startHttp();

    const { text } = await post(DERIVE, { ...REQUEST, paths: {} });

    expect(text).toBe('{"hasPrimaryConfig":true,"derivedKeys":{}}');
  });

  it.for([
    ["no paths", { paths: undefined }, "paths is missing"],
    ["an array of paths", { paths: ["a"] }, "paths must be an object"],
    ["text for a path", { paths: { mine: "b" } }, "paths.* must be an array"],
    ["a number among the paths", { paths: { mine: [7] } }, "must be a string"],
    ["an empty secret path", { paths: { "": ["b"] } }, "empty secret path"],
    ["half a character in a derivation path", { paths: { a: ["\ud800"] } }, "lone surrogate"],
    ["half a character in a secret path", { paths: { "\udc00": ["b"] } }, "lone surrogate"],
    ["argon2", { derivationType: "argon2" }, "derivationType must be one of: sha256, sha512"],
    ["no derivation type", { derivationType: undefined }, "derivationType is missing"],
    ["an unknown secret type", { secretType: "other" }, "search, deterministic, vector"],
    ["null as secret type", { secretType: null }, "secretType must be"],
  ] as const)("is refused with %s", async ([, change, text]) => {
    const { post } = await startHttp();

    const answer = await post(DERIVE, { ...REQUEST, ...change });

    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 102, message: expect.stringContaining(text) },
    ]);
    expect(answer.text).not.toContain("mine");
  });
});

function key(tenantSecretId: number, current: boolean) {
  return { derivedKey: expect.stringMatching(/^[A-Za-z\d+/]{86}==$/), tenantSecretId, current };
}
