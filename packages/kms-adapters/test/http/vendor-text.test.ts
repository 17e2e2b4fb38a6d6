import { describe, expect, it } from "vitest";
import { vendorText } from "../../src/http/vendor-text.ts";

describe("a vendor's wording in a message", () => {
  it.for([
    [
      "BadParameter",
      "The parameter is incorrect.",
      "Code: BadParameter, The parameter is incorrect",
    ],
    ["BadParameter", undefined, "Code: BadParameter"],
    ["BadParameter", 7, "Code: BadParameter"],
    ["BadParameter", "  \n ", "Code: BadParameter"],
    ["Two\nlines", "a\r\n b\tc", "Code: Two lines, a b c"],
    ["X", "\u001b[31mred\u2028é\u0000end", "Code: X, [31mred end"],
  ] as const)("%s, %j is '%s'", ([code, text, expected]) => {
    expect(vendorText(code, text)).toBe(expected);
  });

  it("is cut at 300 characters", () => {
    expect(vendorText("X", "y".repeat(1_000_000))).toBe(`Code: X, ${"y".repeat(300)}`);
  });

  it("is left out when it holds a secret, and only then", () => {
    expect(vendorText("X", "no s3cret here", ["other", "s3cret"])).toBe("Code: X");
    expect(vendorText("X", "no secret here", ["", "s3cret"])).toBe("Code: X, no secret here");
  });
});
