import { describe, expect, it } from "vitest";
import { bindingTag, bindingText, matchesBinding } from "../../src/edek/binding.ts";
import { DeniedEdek } from "../../src/edek/denied-edek.ts";
import { checkPayload, sealPayload } from "../../src/edek/payload.ts";
import { hex, readVectors } from "./vectors.ts";

interface BindingVectors {
  readonly vectors: readonly {
    readonly tenantId: string;
    readonly kmsConfigId: number;
    readonly leaseId: number;
    readonly text: string;
    readonly tag: string;
  }[];
}

const { vectors } = readVectors("edek-binding") as BindingVectors;
const binding = bindingText("acme", 534, 640);
const key = Buffer.alloc(32, 7);

describe("the binding text", () => {
  it.for(vectors)("of $tenantId, $kmsConfigId, $leaseId is the committed one", (vector) => {
    const text = bindingText(vector.tenantId, vector.kmsConfigId, vector.leaseId);

    expect(text.toString("hex")).toBe(vector.text);
    expect(bindingTag(text).toString("hex")).toBe(vector.tag);
  });

  it("starts with its label in ASCII, then the tenant's length and name, then both ids", () => {
    expect(bindingText("acme", 1, 2)).toEqual(
      Buffer.concat([
        Buffer.from("tsp-edek-v2"),
        hex("00000004"),
        Buffer.from("acme"),
        hex("00000001"),
        hex("00000002"),
      ]),
    );
  });

  it("counts the bytes of a tenant id, not its characters", () => {
    expect(bindingText("雪", 1, 0).subarray(11, 15)).toEqual(hex("00000003"));
  });
});

describe("the tag of a binding", () => {
  it("matches its own text and no other", () => {
    expect(matchesBinding(bindingTag(binding), binding)).toBe(true);
    expect(matchesBinding(bindingTag(binding), bindingText("acme", 534, 641))).toBe(false);
    expect(matchesBinding(bindingTag(binding).subarray(0, 15), binding)).toBe(false);
  });
});

describe("what a KMS is given", () => {
  it("is the key and the first 16 bytes of the hash of its binding", () => {
    expect(sealPayload(key, binding)).toEqual(Buffer.concat([key, bindingTag(binding)]));
  });

  it("is a copy of the key alone when nothing is bound", () => {
    const payload = sealPayload(key, undefined);

    expect(payload).toEqual(key);
    payload.fill(0);
    expect(key).toEqual(Buffer.alloc(32, 7));
  });

  it("is known again as bound and as unbound", () => {
    expect(checkPayload(sealPayload(key, binding), binding)).toBe(true);
    expect(checkPayload(sealPayload(key, undefined), binding)).toBe(false);
  });

  it.for([
    ["tenant", bindingText("other", 534, 640)],
    ["configuration", bindingText("acme", 535, 640)],
    ["lease", bindingText("acme", 534, 0)],
  ] as const)("is refused with 203 under another %s", ([, other]) => {
    const payload = sealPayload(key, binding);

    expect(() => checkPayload(payload, other)).toThrow(DeniedEdek);
    expect(() => checkPayload(payload, other)).toThrow(
      expect.objectContaining({ status: "INVALID_PROVIDED_EDEK" }),
    );
  });

  it.for([0, 1, 16, 31, 33, 47, 49, 64])("is refused with 205 at %d bytes", (length) => {
    expect(() => checkPayload(Buffer.alloc(length), binding)).toThrow(
      expect.objectContaining({ status: "KMS_UNWRAP_FAILED" }),
    );
  });
});
