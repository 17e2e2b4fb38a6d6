import { lookup as systemLookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { AddressError, AddressPolicy, type AddressRules } from "../../src/index.ts";

const VAULT: AddressRules = { ports: [443, 8200] };

describe("the look-up of an admitted name", () => {
  const PUBLIC = { address: "8.8.8.8", family: 4 };
  const PUBLIC_6 = { address: "2606:4700::1111", family: 6 };

  it("hands on what it checked", async () => {
    expect(await lookup([PUBLIC, PUBLIC_6], { all: true })).toEqual([PUBLIC, PUBLIC_6]);
    expect(await lookup([PUBLIC, PUBLIC_6], {})).toEqual(PUBLIC);
    expect(await lookup([PUBLIC, PUBLIC_6], { family: 6 })).toEqual(PUBLIC_6);
  });

  it.for([
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "192.168.0.1",
    "0.0.0.0",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1%eth0",
    "fd00::1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "not an address",
  ])("refuses a name that leads to %s", async (address) => {
    const found = { address, family: address.includes(":") ? 6 : 4 };

    await expect(lookup([found], { all: true })).rejects.toThrow(AddressError);
    await expect(lookup([PUBLIC, found], { all: true })).rejects.toThrow(AddressError);
    await expect(lookup([found, PUBLIC], {})).rejects.toThrow(AddressError);
  });

  it("lets a name that the operator allows lead inside", async () => {
    const inside = { address: "10.1.2.3", family: 4 };

    expect(await lookup([inside], { all: true }, ["vault.example.com"])).toEqual([inside]);
  });

  it("refuses any name but the one that was admitted", async () => {
    const policy = new AddressPolicy({ resolve: async () => [PUBLIC] });
    const address = policy.admit("https://vault.example.com", VAULT);

    await expect(run(address.lookup, "metadata.internal", {})).rejects.toThrow(AddressError);
  });

  it("says ENOTFOUND when no address of the family is there", async () => {
    await expect(lookup([PUBLIC], { family: 6 })).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("passes the resolver's own error on", async () => {
    const error = Object.assign(new Error("no"), { code: "EAI_AGAIN" });
    const policy = new AddressPolicy({ resolve: () => Promise.reject(error) });
    const address = policy.admit("https://vault.example.com", VAULT);

    await expect(run(address.lookup, address.hostname, {})).rejects.toMatchObject({
      code: "EAI_AGAIN",
    });
  });

  it("finds localhost by the system's resolver", async () => {
    const policy = new AddressPolicy({ allowedHosts: ["localhost"] });
    const address = policy.admit("https://localhost", VAULT);

    expect(await run(address.lookup, "localhost", { all: true })).toContainEqual(
      expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) }),
    );
  });
});

function lookup(found: LookupAddress[], options: object, allowedHosts: string[] = []) {
  const policy = new AddressPolicy({ resolve: async () => found, allowedHosts });
  const address = policy.admit("https://vault.example.com", VAULT);
  return run(address.lookup, address.hostname, options);
}

type Lookup = typeof systemLookup;

function run(lookup: unknown, hostname: string, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    (lookup as Lookup)(hostname, options, (error, address: unknown, family?: number) => {
      if (error) reject(error);
      else resolve(Array.isArray(address) ? address : { address, family });
    });
  });
}
