import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../src/gcp/crc32c.ts";
import { gcpCrc32c } from "./fakes/gcp-crc.ts";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRCs.
  it.for<[string, Uint8Array, number]>([
    ["nothing", Buffer.alloc(0), 0],
    ["the digits 1 to 9", Buffer.from("123456789"), 0xe306_9283],
    ["32 bytes of zeros", Buffer.alloc(32), 0x8a91_36aa],
    ["32 bytes of ones", Buffer.alloc(32, 0xff), 0x62a8_ab43],
    ["32 bytes that count up", Buffer.from([...Array(32).keys()]), 0x46dd_794e],
  ])("of %s is the published one", ([, bytes, value]) => {
    expect(crc32c(bytes)).toBe(value);
  });

  it("is the same as bit by bit", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(crc32c(bytes)).toBe(gcpCrc32c(bytes));
      }),
    );
  });
});
