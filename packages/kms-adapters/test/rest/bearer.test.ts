import { describe, expect, it } from "vitest";
import { readToken } from "../../src/rest/bearer.ts";

describe("the answer of a token service", () => {
  it.for<[unknown, number]>([
    [{ access_token: "abc", expires_in: 300 }, 300_000],
    [{ access_token: "abc", expires_in: "300" }, 300_000],
    [{ access_token: "abc", expires_in: 1e12 }, 86_400_000],
  ])("%j gives a token", ([body, lifetimeMs]) => {
    expect(readToken(body, "access_token", "expires_in")).toEqual({ value: "abc", lifetimeMs });
  });

  it.for<[unknown]>([
    [undefined],
    [null],
    [[]],
    ["abc"],
    [{}],
    [{ access_token: "abc" }],
    [{ access_token: "", expires_in: 300 }],
    [{ access_token: 1, expires_in: 300 }],
    [{ access_token: "a\r\nx-evil: 1", expires_in: 300 }],
    [{ access_token: "a b", expires_in: 300 }],
    [{ access_token: "abc", expires_in: 0 }],
    [{ access_token: "abc", expires_in: -1 }],
    [{ access_token: "abc", expires_in: "soon" }],
    [{ access_token: "abc", expires_in: null }],
  ])("%j gives none", ([body]) => {
    expect(() => readToken(body, "access_token", "expires_in")).toThrow(
      "the token service answered without a usable token",
    );
  });
});
