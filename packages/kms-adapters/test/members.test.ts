import { describe, expect, it } from "vitest";
import { KmsError } from "../src/index.ts";
import { Members } from "../src/members.ts";

const SECRET = "s3cr3t-value";

describe("a record", () => {
  it.for([undefined, null, "text", 5, true, [], [{}]])("is refused when it is %j", (record) => {
    expect(() => new Members("fake", "keyPath", record)).toThrow(
      "fake configuration refused: keyPath must be an object. Check key path, credentials and the " +
        "permissions on the key.",
    );
  });

  it("does not show what it inherits", () => {
    const members = new Members("fake", "keyPath", Object.create({ token: SECRET }));

    expect(members.has("token")).toBe(false);
    expect(members.raw("token")).toBeUndefined();
    expect(() => members.text("constructor")).toThrow("keyPath.constructor must be a text");
  });
});

describe("a text", () => {
  it.for([
    ["missing", undefined, "must be a text"],
    ["null", null, "must be a text"],
    ["a number", 12, "must be a text"],
    ["an object", { toString: () => SECRET }, "must be a text"],
    ["empty", "", "must not be empty"],
    ["longer than 1 024 characters", SECRET.repeat(100), "must have at most 1024 characters"],
    ["a megabyte", "x".repeat(1_048_576), "must have at most 1024 characters"],
    ["with a line break", `${SECRET}\r\nx-injected: 1`, "must not have control characters"],
    ["with a null", `${SECRET}\0`, "must not have control characters"],
    ["with a line separator", `${SECRET}\u2028`, "must not have control characters"],
    ["half a surrogate pair", `${SECRET}\ud800`, "must not have control characters"],
  ] as const)("is refused when it is %s, without showing it", ([, value, reason]) => {
    const members = new Members("fake", "credentials", { token: value });

    const error = refusal(() => members.text("token"));

    expect(error).toMatchObject({ code: "KMS_CONFIG_INVALID", driver: "fake" });
    expect(error.message).toContain(`credentials.token ${reason}`);
    expect(error.message).not.toContain(SECRET);
  });

  it("is refused when it has another form", () => {
    const members = new Members("fake", "credentials", { id: SECRET });

    const error = refusal(() => members.text("id", { pattern: /^\d+$/, form: "a number" }));

    expect(error.message).toContain("credentials.id must be a number");
    expect(error.message).not.toContain(SECRET);
  });

  it("may have line breaks where that is asked for", () => {
    const members = new Members("fake", "credentials", { pem: "-----\r\nA\n", bad: "\u001b[0m" });

    expect(members.text("pem", { multiline: true })).toBe("-----\r\nA\n");
    expect(() => members.text("bad", { multiline: true })).toThrow("control characters");
  });

  it("may be absent or null where that is asked for", () => {
    const members = new Members("fake", "keyPath", { a: null, b: "x" });

    expect(members.optionalText("a")).toBeUndefined();
    expect(members.optionalText("missing")).toBeUndefined();
    expect(members.optionalText("b")).toBe("x");
  });
});

describe("a flag", () => {
  it.for([
    [{}, false],
    [{ on: null }, false],
    [{ on: false }, false],
    [{ on: true }, true],
  ] as const)("%j reads as %s", ([record, expected]) => {
    expect(new Members("fake", "credentials", record).optionalFlag("on")).toBe(expected);
  });

  it.for(["true", 1, {}])("is refused when it is %j", (on) => {
    expect(() => new Members("fake", "credentials", { on }).optionalFlag("on")).toThrow(
      "credentials.on must be true or false",
    );
  });
});

function refusal(action: () => unknown): KmsError {
  try {
    action();
  } catch (error) {
    if (KmsError.is(error)) return error;
    throw error;
  }
  return expect.unreachable("nothing was refused");
}
