import { describe, expect, it } from "vitest";
import { cidrMistake } from "../src/validation/cidr.ts";

describe("A range of addresses", () => {
  it.for([
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.2.3/32",
    "192.0.2.128/25",
    "::/0",
    "::1/128",
    "fc00::/7",
    "2001:db8:0:1::/64",
    "1:2:3:4:5:6:7:8/128",
    "::ffff:10.0.0.0/104",
  ])("may be %s", (cidr) => {
    expect(cidrMistake(cidr)).toBeUndefined();
  });

  it.for(["10.0.0.0/33", "::/129", "10.0.0/8", "300.0.0.0/8", "10.0.0.0/08", "1::2::/64", "a/8"])(
    "is not %s",
    (cidr) => {
      expect(cidrMistake(cidr)).toBe(`has no range of addresses: ${cidr}`);
    },
  );

  it.for(["10.0.0.1/8", "1.2.3.4/0", "192.0.2.129/25", "fe80::1/10", "2001:db8::1/127", "::1/0"])(
    "cannot go on behind its prefix, as in %s",
    (cidr) => {
      expect(cidrMistake(cidr)).toContain("bits beyond the prefix");
    },
  );
});
