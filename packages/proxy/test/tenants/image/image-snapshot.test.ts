import { describe, expect, it } from "vitest";
import { TextLimitError } from "../../../src/tenants/image/text-area.ts";
import { writeImage } from "../../../src/tenants/image/write-image.ts";
import type { KmsConfiguration } from "../../../src/tenants/tenant.ts";
import { opens, record, snapshotFrom, snapshotOf, unusable, usable, wraps } from "./helpers.ts";

describe("the snapshot of an image", () => {
  it("joins tenants with their configurations", () => {
    const { tenants } = snapshotOf({
      configurations: [usable(2, { type: "GCP", leasingAllowed: true }), unusable(1)],
      tenants: [record("acme", [wraps(2), { id: 1, active: false, primary: false }], true)],
    });

    expect(tenants.size).toBe(1);
    expect(tenants.get("acme")).toMatchObject({
      id: "acme",
      keyLeasingRequired: true,
      assignments: [
        {
          active: true,
          primary: true,
          configuration: {
            usable: true,
            id: 2,
            type: "GCP",
            leasingAllowed: true,
            fingerprint: "fingerprint-2",
            keyPath: { keyName: "key-2" },
          },
        },
        {
          active: false,
          primary: false,
          configuration: { usable: false, id: 1, reason: "reason-1" },
        },
      ],
    });
  });

  it("knows no primary that is not active", () => {
    const { tenants } = snapshotOf({
      configurations: [usable(1)],
      tenants: [record("acme", [{ id: 1, active: false, primary: true }])],
    });
    expect(tenants.get("acme")?.assignments[0]?.primary).toBe(false);
  });

  it("keeps tenants apart whatever they are called", () => {
    const ids = ["__proto__", "constructor", "0", "", "ä", "🗝️", "x".repeat(2_000)];
    const { tenants } = snapshotOf({ tenants: ids.map((id) => record(id, [])) });

    expect([...tenants.keys()]).toEqual(ids);
    expect(ids.map((id) => tenants.get(id)?.id)).toEqual(ids);
    expect(tenants.get("toString")).toBeUndefined();
    expect(tenants.get("x".repeat(2_001))).toBeUndefined();
  });

  it("has nobody in it when there is nobody", () => {
    const { tenants } = snapshotOf({});
    expect(tenants.size).toBe(0);
    expect(tenants.get("acme")).toBeUndefined();
    expect(tenants.get("")).toBeUndefined();
  });

  it("opens credentials as they were written", async () => {
    const credentials = { client_email: "a@b.c", private_key: 'PEM\n"ä"', other: { fromEnv: "X" } };
    const snapshot = snapshotOf({
      configurations: [usable(1, { type: "GCP", credentials })],
      tenants: [record("acme", [wraps(1)])],
    });
    const configuration = snapshot.configuration(1) as KmsConfiguration;

    expect(await configuration.openCredentials()).toEqual({ ...credentials, id: 1, type: "GCP" });
  });

  it("knows by its id a configuration that a tenant has", () => {
    const snapshot = snapshotOf({
      configurations: [usable(7), usable(2), unusable(9), usable(4)],
      tenants: [record("acme", [wraps(7), opens(9)]), record("globex", [wraps(2)])],
    });
    const found = [1, 2, 4, 7, 9].map((id) => snapshot.configuration(id)?.id);

    expect(found).toEqual([undefined, 2, undefined, 7, 9]);
    expect(snapshot.configuration(7)).toBe(
      snapshot.tenants.get("acme")?.assignments[0]?.configuration,
    );
  });

  it("lists every configuration in the order of its source", () => {
    const snapshot = snapshotOf({ configurations: [usable(7), unusable(9), usable(4)] });
    expect([...snapshot.configurations()].map(({ id }) => id)).toEqual([7, 9, 4]);
  });

  it("counts the configurations that tenants have and cannot use", () => {
    const { unusable: count } = snapshotOf({
      configurations: [unusable(1), unusable(2), usable(3)],
      tenants: [record("a", [opens(1), wraps(3)]), record("b", [opens(1)])],
    });
    expect(count).toBe(1);
  });

  it("gives the same object to two requests in a row", () => {
    const { tenants } = snapshotOf({ tenants: [record("acme", [])] });
    expect(tenants.get("acme")).toBe(tenants.get("acme"));
  });
});

describe("the bytes of an image", () => {
  const parts = {
    configurations: [usable(1)],
    tenants: [record("acme", [wraps(1)]), record("globex", [])],
  };

  it("are the same snapshot wherever they are handed to, however they lie in memory", () => {
    const { image } = snapshotOf(parts);
    const message = Buffer.concat([Buffer.from("x"), image]);
    const copy = snapshotFrom(message.subarray(1));

    expect([...copy.tenants.keys()]).toEqual(["acme", "globex"]);
    expect(copy.tenants.get("acme")?.assignments[0]?.configuration.id).toBe(1);
  });

  it.for([
    ["nothing", new Uint8Array()],
    ["zeros", new Uint8Array(64)],
    ["a part of an image", writeImage(parts).subarray(0, 60)],
  ] as const)("are refused when they are %s", ([, bytes]) => {
    expect(() => snapshotFrom(bytes)).toThrow("not a tenant image of this version");
  });

  it("hold equal credentials once", () => {
    const credentials = { private_key: "k".repeat(1_000) };
    const many = (ids: readonly number[]) =>
      writeImage({ configurations: ids.map((id) => usable(id, { credentials })), tenants: [] });

    expect(many([1, 2]).length - many([1]).length).toBeLessThan(200);
  });

  it("are not written for a tenant whose configuration is not there", () => {
    expect(() => snapshotOf({ tenants: [record("acme", [wraps(3)])] })).toThrow(
      "no KMS configuration 3",
    );
  });

  it("are not written when they would hold more text than is allowed", () => {
    const configurations = Array.from({ length: 100 }, (_, index) =>
      usable(index + 1, { keyPath: { keyName: `${index}${"k".repeat(10_000)}` } }),
    );
    const write = (maxTextBytes: number) =>
      writeImage({ configurations, tenants: [] }, { maxTextBytes });

    expect(() => write(500_000)).toThrow(TextLimitError);
    expect(write(2_000_000).length).toBeGreaterThan(1_000_000);
  });
});
