import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HttpStatusError } from "../../src/http/errors.ts";
import type { VaultLease } from "../../src/vault/client.ts";
import { VaultToken } from "../../src/vault/token.ts";

const GIVEN = { token: "given" };
const APP_ROLE = { path: "/v1/auth/approle/login", body: { role_id: "r", secret_id: "s" } };
const { signal } = new AbortController();
const echo = async (token: string): Promise<string> => token;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a token of a log-in", () => {
  it("is asked for at first use and kept", async () => {
    const { token, log } = fake();

    expect(await token.use(signal, echo)).toBe("t1");
    expect(await token.use(signal, echo)).toBe("t1");
    expect(log).toEqual(["login"]);
  });

  it("is asked for once by many", async () => {
    const { token, log } = fake();

    const used = await Promise.all([1, 2, 3].map(() => token.use(signal, echo)));

    expect(used).toEqual(["t1", "t1", "t1"]);
    expect(log).toEqual(["login"]);
  });

  it("is prolonged at two thirds of its life, again and again", async () => {
    const { token, log } = fake({ seconds: 30 });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(19_900);
    expect(log).toEqual(["login"]);
    await vi.advanceTimersByTimeAsync(200);
    expect(log).toEqual(["login", "renew t1"]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(log).toEqual(["login", "renew t1", "renew t1"]);
    expect(await token.use(signal, echo)).toBe("t1");
  });

  it("is replaced at two thirds of its life when it cannot be prolonged", async () => {
    const { token, log } = fake({ seconds: 30, renewable: false });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(20_100);

    expect(log).toEqual(["login", "login"]);
    expect(await token.use(signal, echo)).toBe("t2");
  });

  it("is replaced when Vault prolongs it by less than half", async () => {
    const { token, log } = fake({ seconds: 30, renewedSeconds: 10 });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(20_100);

    expect(log).toEqual(["login", "renew t1", "login"]);
    expect(await token.use(signal, echo)).toBe("t2");
  });

  it("is still good when it could not be prolonged, and is tried again", async () => {
    const { token, log, fail } = fake({ seconds: 30 });
    await token.use(signal, echo);
    fail("renew", new HttpStatusError(503, {}));

    await vi.advanceTimersByTimeAsync(20_100);
    expect(await token.use(signal, echo)).toBe("t1");
    await vi.advanceTimersByTimeAsync(7_000);

    expect(log).toEqual(["login", "renew t1", "renew t1"]);
  });

  it("is asked for anew after its end", async () => {
    const { token, log, fail } = fake({ seconds: 30, renewable: false });
    await token.use(signal, echo);
    for (let times = 0; times < 20; times += 1) fail("login", new HttpStatusError(503, {}));
    await vi.advanceTimersByTimeAsync(30_000);
    fail("login", undefined);

    expect(await token.use(signal, echo)).toBe("t2");
    expect(log.filter((entry) => entry === "login").length).toBeLessThan(12);
  });

  it("that never ends is never prolonged", async () => {
    const { token, log } = fake({ seconds: 0 });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(10 * 86_400_000);

    expect(log).toEqual(["login"]);
  });

  it("that lives longer than a timer can count is prolonged all the same", async () => {
    const { token, log } = fake({ seconds: 100 * 86_400 });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(2 ** 31);

    expect(log).toEqual(["login", "renew t1"]);
  });
});

describe("a token that Vault refuses", () => {
  const expired = new HttpStatusError(403, { errors: ["permission denied\n\t* invalid token"] });
  const denied = new HttpStatusError(403, { errors: ["permission denied"] });

  it("is replaced once", async () => {
    const { token, log } = fake();
    const used: string[] = [];

    const result = token.use(signal, async (value) => {
      used.push(value);
      throw expired;
    });

    await expect(result).rejects.toBe(expired);
    expect(used).toEqual(["t1", "t2"]);
    expect(log).toEqual(["login", "login"]);
  });

  it("is looked up when the words leave it open, and kept when it is known", async () => {
    const { token, log } = fake();

    await expect(token.use(signal, () => Promise.reject(denied))).rejects.toBe(denied);

    expect(log).toEqual(["login", "look up t1"]);
    expect(await token.use(signal, echo)).toBe("t1");
  });

  it("is looked up when the words leave it open, and replaced when it is not known", async () => {
    const { token, log } = fake({ known: false });

    const used = await token.use(signal, async (value) => {
      if (value === "t1") throw denied;
      return value;
    });

    expect(used).toBe("t2");
    expect(log).toEqual(["login", "look up t1", "login"]);
  });

  it("is not replaced twice when several calls meet it", async () => {
    const { token, log } = fake();
    await token.use(signal, echo);

    const used = await Promise.all(
      [1, 2, 3].map(() =>
        token.use(signal, async (value) => {
          if (value === "t1") throw expired;
          return value;
        }),
      ),
    );

    expect(used).toEqual(["t2", "t2", "t2"]);
    expect(log).toEqual(["login", "login"]);
  });

  it("is left alone when something else went wrong", async () => {
    const { token, log } = fake();
    const error = new HttpStatusError(500, {});

    await expect(token.use(signal, () => Promise.reject(error))).rejects.toBe(error);

    expect(log).toEqual(["login"]);
  });
});

describe("a given token", () => {
  it("works at once and is prolonged at two thirds of its life", async () => {
    const { token, log } = fake({ login: GIVEN, seconds: 30 });

    expect(await token.use(signal, echo)).toBe("given");
    await vi.advanceTimersByTimeAsync(20_100);

    expect(log).toEqual(["look up given", "renew given"]);
  });

  it.for([
    ["Vault does not tell", { known: false }],
    ["it never ends", { seconds: 0 }],
    ["it cannot be prolonged", { renewable: false, seconds: 86_400 }],
  ] as const)("is used as it is when %s", async ([, options]) => {
    const { token, log } = fake({ login: GIVEN, ...options });
    await token.use(signal, echo);

    await vi.advanceTimersByTimeAsync(3_600_000);

    expect(await token.use(signal, echo)).toBe("given");
    expect(log).toEqual(["look up given"]);
  });

  it("is not asked for again when Vault refuses it", async () => {
    const { token, log } = fake({ login: GIVEN });
    const error = new HttpStatusError(403, { errors: ["permission denied"] });

    await expect(token.use(signal, () => Promise.reject(error))).rejects.toBe(error);

    expect(log).toEqual(["look up given"]);
  });
});

describe("closing", () => {
  it("ends the timer and refuses later calls", async () => {
    const { token, log } = fake({ seconds: 30 });
    await token.use(signal, echo);

    token.close();

    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(log).toEqual(["login"]);
    await expect(token.use(signal, echo)).rejects.toMatchObject({ fault: { code: "KMS_CLOSED" } });
  });

  it("forgets the token it got", async () => {
    const { token } = fake();
    await token.use(signal, echo);
    expect(token.secrets).toEqual(["r", "s", "t1"]);

    token.close();

    expect(token.secrets).toEqual(["r", "s"]);
  });
});

interface FakeOptions {
  readonly login?: typeof GIVEN | typeof APP_ROLE;
  readonly seconds?: number;
  readonly renewedSeconds?: number;
  readonly renewable?: boolean;
  readonly known?: boolean;
}

function fake(options: FakeOptions = {}) {
  const { login = APP_ROLE, seconds = 3_600, renewable = true, known = true } = options;
  const { renewedSeconds = seconds } = options;
  const log: string[] = [];
  const faults = new Map<string, Error[]>();
  let logins = 0;

  const step = async (
    name: string,
    entry: string,
    lease: () => VaultLease,
  ): Promise<VaultLease> => {
    log.push(entry);
    const error = faults.get(name)?.shift();
    if (error !== undefined) throw error;
    return lease();
  };
  const client = {
    login: () => step("login", "login", () => ({ token: `t${++logins}`, seconds, renewable })),
    renew: (token: string) =>
      step("renew", `renew ${token}`, () => ({ token, seconds: renewedSeconds, renewable })),
    lookUp: async (token: string) => {
      const lease = await step("look up", `look up ${token}`, () => ({
        token,
        seconds,
        renewable,
      }));
      return known ? lease : undefined;
    },
  };
  /** The next call of this name fails; undefined forgets all that was to fail. */
  const fail = (name: string, error: Error | undefined): void => {
    faults.set(name, error === undefined ? [] : [...(faults.get(name) ?? []), error]);
  };
  return { token: new VaultToken(client, login), log, fail };
}
