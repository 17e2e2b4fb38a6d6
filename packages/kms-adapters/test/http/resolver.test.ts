import { describe, expect, it } from "vitest";
import { SharedResolver } from "../../src/http/resolver.ts";

const PUBLIC = [{ address: "8.8.8.8", family: 4 }];

describe("a look-up", () => {
  it("is made once for all who ask meanwhile", async () => {
    const { resolver, asked } = counting();

    const found = await Promise.all([1, 2, 3].map(() => resolver.resolve("a.example")));

    expect(found).toEqual([PUBLIC, PUBLIC, PUBLIC]);
    expect(asked).toEqual(["a.example"]);
  });

  it("serves for ten seconds and is then made again", async () => {
    const { resolver, asked, clock } = counting();
    await resolver.resolve("a.example");

    clock.now += 9_999;
    await resolver.resolve("a.example");
    expect(asked).toHaveLength(1);
    clock.now += 2;
    await resolver.resolve("a.example");
    expect(asked).toHaveLength(2);
  });

  it("that failed is forgotten at once", async () => {
    let calls = 0;
    const resolver = new SharedResolver(async () => {
      calls += 1;
      if (calls === 1) throw new Error("no name server");
      return PUBLIC;
    });

    await expect(resolver.resolve("a.example")).rejects.toThrow("no name server");
    expect(await resolver.resolve("a.example")).toEqual(PUBLIC);
  });

  it("is remembered for at most 1 000 names, the oldest go", async () => {
    const { resolver, asked } = counting();
    for (let name = 0; name <= 1_000; name += 1) await resolver.resolve(`${name}.example`);

    await resolver.resolve("1000.example");
    expect(asked).toHaveLength(1_001);
    await resolver.resolve("0.example");
    expect(asked).toHaveLength(1_002);
  });
});

function counting() {
  const asked: string[] = [];
  const clock = { now: 0 };
  const resolver = new SharedResolver(
    async (hostname) => {
      asked.push(hostname);
      return PUBLIC;
    },
    () => clock.now,
  );
  return { resolver, asked, clock };
}
