import { describe, expect, it } from "vitest";
import { HttpStatusError } from "../../src/http/errors.ts";
import { type AccessToken, TokenCache } from "../../src/rest/token-cache.ts";

const never = new AbortController().signal;

describe("a token", () => {
  it("is asked for once by many callers at the same time", async () => {
    const { cache, asked, answer } = setUp();
    const calls = Array.from({ length: 10 }, () => cache.use(never, async (token) => token));
    answer("a");

    expect(await Promise.all(calls)).toEqual(Array(10).fill("a"));
    expect(asked).toHaveLength(1);
  });

  it("is used until shortly before its end and then asked for again", async () => {
    const { cache, clock, asked, answer } = setUp();
    const first = cache.use(never, async (token) => token);
    answer("a", 1_000_000);
    await first;

    clock.now = 870_000;
    expect(await cache.use(never, async (token) => token)).toBe("a");
    expect(asked).toHaveLength(1);

    clock.now = 945_000;
    const late = cache.use(never, async (token) => token);
    answer("b");
    expect(await late).toBe("b");
  });

  it("is renewed behind the back of calls that go on with the old one", async () => {
    const { cache, clock, asked, answer } = setUp();
    const first = cache.use(never, async (token) => token);
    answer("a", 1_000_000);
    await first;

    clock.now = 890_000;
    expect(await cache.use(never, async (token) => token)).toBe("a");
    expect(await cache.use(never, async (token) => token)).toBe("a");
    expect(asked).toHaveLength(2);
    answer("b");
    await expect.poll(() => cache.use(never, async (token) => token)).toBe("b");
  });

  it("is not asked for at each call when its renewal fails", async () => {
    const { cache, clock, asked, answer, fail } = setUp();
    const first = cache.use(never, async (token) => token);
    answer("a", 1_000_000);
    await first;
    clock.now = 890_000;
    await cache.use(never, async (token) => token);
    fail(new Error("refused"));
    await new Promise((resolve) => setImmediate(resolve));

    expect(await cache.use(never, async (token) => token)).toBe("a");
    expect(asked).toHaveLength(2);
    clock.now = 901_000;
    await cache.use(never, async (token) => token);
    expect(asked).toHaveLength(3);
  });

  it("lives a tenth less than promised when it is short", async () => {
    const { cache, clock, asked, answer } = setUp();
    const first = cache.use(never, async (token) => token);
    answer("a", 1_000);
    await first;
    clock.now = 905;
    const second = cache.use(never, async (token) => token);
    answer("b");

    expect(await second).toBe("b");
    expect(asked).toHaveLength(2);
  });

  it("is replaced once when the vendor refuses it", async () => {
    const { cache, asked, answer } = setUp();
    const seen: string[] = [];
    const call = cache.use(never, async (token) => {
      seen.push(token);
      throw new HttpStatusError(401, {});
    });
    answer("a");
    await expect.poll(() => asked).toHaveLength(2);
    answer("b");

    await expect(call).rejects.toMatchObject({ status: 401 });
    expect(seen).toEqual(["a", "b"]);
  });

  it.for([403, 404, 500])("is kept when the vendor answers %i", async (status) => {
    const { cache, asked, answer } = setUp();
    const call = cache.use(never, async () => {
      throw new HttpStatusError(status, {});
    });
    answer("a");

    await expect(call).rejects.toMatchObject({ status });
    expect(asked).toHaveLength(1);
  });

  it("is given up when the vendor does not answer, and asked for again", async () => {
    const { cache, asked, answer, fail } = setUp(50);
    const first = cache.use(never, async (token) => token);
    asked[0]?.addEventListener("abort", () => fail(new Error("aborted")));

    await expect(first).rejects.toMatchObject({ fault: { code: "KMS_TIMEOUT" } });
    const second = cache.use(never, async (token) => token);
    answer("a");
    expect(await second).toBe("a");
  });

  it("is asked for again after a failure, which all who waited share", async () => {
    const { cache, asked, answer, fail } = setUp();
    const calls = [1, 2, 3].map(() => cache.use(never, async (token) => token));
    fail(new Error("refused"));
    for (const call of calls) await expect(call).rejects.toThrow("refused");

    const next = cache.use(never, async (token) => token);
    answer("a");
    expect(await next).toBe("a");
    expect(asked).toHaveLength(2);
  });
});

describe("a caller who leaves", () => {
  it("does not take the token from those who stay", async () => {
    const { cache, asked, answer } = setUp();
    const leaver = new AbortController();
    const left = cache.use(leaver.signal, async (token) => token);
    const stayed = cache.use(never, async (token) => token);
    leaver.abort(new Error("gone"));

    await expect(left).rejects.toThrow("gone");
    expect(asked[0]?.aborted).toBe(false);
    answer("a");
    expect(await stayed).toBe("a");
  });

  it("leaves the request to whoever comes next", async () => {
    const { cache, asked, answer } = setUp();
    const leaver = new AbortController();
    const left = cache.use(leaver.signal, async (token) => token);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");

    const next = cache.use(never, async (token) => token);
    answer("a");
    expect(await next).toBe("a");
    expect(asked).toHaveLength(1);
  });

  it("asks for nothing when it came too late already", async () => {
    const { cache, asked } = setUp();

    await expect(cache.use(AbortSignal.abort(), async (token) => token)).rejects.toThrow("aborted");
    expect(asked).toHaveLength(0);
  });
});

describe("a closed cache", () => {
  it("ends the request under way and gives no token", async () => {
    const { cache, asked, answer } = setUp();
    const first = cache.use(never, async (token) => token);
    cache.close();
    expect(asked[0]?.aborted).toBe(true);
    answer("a");
    await expect(first).rejects.toMatchObject({ fault: { code: "KMS_CLOSED" } });

    await expect(cache.use(never, async (token) => token)).rejects.toMatchObject({
      fault: { code: "KMS_CLOSED" },
    });
    expect(asked).toHaveLength(1);
  });
});

function setUp(timeoutMs = 5_000) {
  const clock = { now: 0 };
  const asked: AbortSignal[] = [];
  const waiting: PromiseWithResolvers<AccessToken>[] = [];
  const cache = new TokenCache(
    (signal) => {
      asked.push(signal);
      const request = Promise.withResolvers<AccessToken>();
      waiting.push(request);
      return request.promise;
    },
    { now: () => clock.now, timeoutMs },
  );
  return {
    cache,
    clock,
    asked,
    answer: (value: string, lifetimeMs = 3_600_000) =>
      waiting.shift()?.resolve({ value, lifetimeMs }),
    fail: (error: Error) => waiting.shift()?.reject(error),
  };
}
