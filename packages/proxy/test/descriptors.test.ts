import { describe, expect, it } from "vitest";
import { descriptorBudget, descriptorLimit } from "../src/descriptors.ts";

const WANTED = { kmsClients: 1_000, connections: 10_000 };

describe("the budget of descriptors", () => {
  it("gives everything that was asked for where there are plenty", () => {
    expect(descriptorBudget(1_048_576, WANTED)).toMatchObject({
      kmsCalls: 4_096,
      kmsClients: 1_000,
      connections: 10_000,
    });
  });

  it.for([1_024, 2_048, 4_096, 65_536])("stays below a limit of %i", (limit) => {
    const { kmsCalls, kmsClients, connections } = descriptorBudget(limit, WANTED);

    expect(kmsCalls * 2 + kmsClients + connections).toBeLessThan(limit);
    expect(kmsCalls).toBeGreaterThanOrEqual(64);
    expect(connections).toBeGreaterThanOrEqual(128);
  });

  it("keeps a proxy alive even where nearly nothing is allowed", () => {
    const { kmsCalls, connections } = descriptorBudget(64, WANTED);

    expect([kmsCalls, connections]).toEqual([16, 64]);
  });
});

it("reads the limit of this process", () => {
  expect(descriptorLimit()).toBeGreaterThanOrEqual(256);
});
