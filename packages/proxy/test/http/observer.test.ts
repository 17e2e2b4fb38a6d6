import { get } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import type { WrappedKey } from "../../src/keys/ports.ts";
import { startHttp } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";

describe("what is observed of a request", () => {
  it.for([
    ["a success", WRAP, {}, `${WRAP} LOCAL 200 0`],
    ["a refusal by the use case", WRAP, { tenantId: "unknown" }, `${WRAP} none 404 201`],
    ["a refusal of the body", WRAP, { tenantId: 7 }, `${WRAP} none 400 102`],
    ["an unknown path", "/api/1/some-tenants-name", {}, "other none 404 102"],
    [
      "an event",
      "/api/1/event/security-event",
      { event: "A" },
      "/api/1/event/security-event LOCAL 200 0",
    ],
  ] as const)("is its route and its codes: %s", async ([, path, body, expected]) => {
    const { post, observer } = await startHttp();

    await post(path, body);

    expect(observer.requests).toEqual([expected]);
    expect([...observer.open.values()]).toEqual([0]);
  });

  it("is the route of a wrong method too", async () => {
    const { post, observer } = await startHttp();

    await post(WRAP, {}, { method: "PUT" });

    expect(observer.requests).toEqual([`${WRAP} none 405 102`]);
  });

  it("is its being in flight, from the head to the answer", async () => {
    const { post, observer, keys } = await startHttp();
    const wrapping = Promise.withResolvers<WrappedKey>();
    keys.wrap = () => wrapping.promise;

    const answers = [post(WRAP), post("/api/1/document/batch-wrap", { documentIds: [] })];
    await until(() => observer.open.get(WRAP) === 1);
    await answers[1];

    expect(Object.fromEntries(observer.open)).toEqual({
      [WRAP]: 1,
      "/api/1/document/batch-wrap": 0,
    });
    wrapping.resolve({ dek: Buffer.alloc(32), edek: Buffer.alloc(1) });
    await answers[0];
    expect(observer.open.get(WRAP)).toBe(0);
  });

  it("of a scrape is its duration alone, so that it does not see itself", async () => {
    const { origin, observer } = await startHttp();

    await get(`${origin}/metrics`);

    expect(observer.requests).toEqual(["/metrics none 200 0"]);
    expect(observer.open.size).toBe(0);
  });
});
