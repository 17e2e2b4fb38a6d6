import { getEventListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failure } from "../src/conformance/probes.ts";
import {
  DriverError,
  Kms,
  type KmsDriver,
  type KmsErrorCode,
  type KmsObservation,
} from "../src/index.ts";
import { fail, fakeDriver as fake, KEY, WRAPPED } from "./fakes/driver.ts";

describe("a call that succeeds", () => {
  it("gives back what the driver answered, as a buffer of its own", async () => {
    const answer = Buffer.from(KEY);
    const kms = new Kms(fake({ unwrap: async () => answer }));

    const key = await kms.unwrap(WRAPPED);

    expect(key.equals(KEY)).toBe(true);
    expect(key.buffer).not.toBe(answer.buffer);
    expect(isWiped(answer)).toBe(true);
  });

  it("accepts a driver that answers without a promise", async () => {
    const kms = new Kms(fake({ wrap: () => WRAPPED, unwrap: () => Buffer.from(KEY) }));

    expect((await kms.wrap(KEY)).equals(WRAPPED)).toBe(true);
    expect((await kms.unwrap(WRAPPED)).equals(KEY)).toBe(true);
  });

  it("is observed once with status 200", async () => {
    const seen: KmsObservation[] = [];
    const kms = new Kms(fake({}), { observe: (observation) => seen.push(observation) });

    await kms.wrap(KEY);

    expect(seen).toEqual([
      {
        driver: "fake",
        operation: "wrap",
        seconds: expect.any(Number),
        code: "OK",
        httpStatus: 200,
        attempts: 1,
      },
    ]);
    expect(seen[0]?.seconds).toBeGreaterThanOrEqual(0);
  });

  it("leaves neither timer nor listener behind", async () => {
    const { signal } = new AbortController();
    const kms = new Kms(fake({ wrap: () => delay(5, WRAPPED) }), { timeoutMs: 60_000 });
    const before = timers();

    await kms.wrap(KEY, signal);

    expect(timers()).toBe(before);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("a key in the clear", () => {
  it("reaches the driver as a copy that is wiped when the driver is done", async () => {
    let given: Uint8Array = new Uint8Array();
    let content = "";
    const kms = new Kms(
      fake({
        wrap: async (key) => {
          given = key;
          content = Buffer.from(key).toString();
          return WRAPPED;
        },
      }),
    );

    await kms.wrap(KEY);

    expect(content).toBe(KEY.toString());
    expect(given).not.toBe(KEY);
    expect(isWiped(given)).toBe(true);
    expect(KEY.toString()).toBe(content);
  });

  it.for([
    ["fails", () => Promise.reject(new Error("no"))],
    ["throws at once", () => fail(new Error("no"))],
    ["answers with nonsense", async () => new Uint8Array()],
    ["never answers", () => new Promise<never>(() => {})],
  ] as const)("is wiped when the driver %s", async ([, wrap]) => {
    const given: Uint8Array[] = [];
    const driver = fake({
      wrap: (key) => {
        given.push(key);
        return wrap();
      },
    });

    await failure(new Kms(driver, { timeoutMs: 30 }).wrap(KEY));

    expect(given).toHaveLength(1);
    expect(given.every(isWiped)).toBe(true);
  });

  it("is wiped when it arrives after the deadline", async () => {
    const late = Promise.withResolvers<Uint8Array>();
    const kms = new Kms(fake({ unwrap: () => late.promise }), { timeoutMs: 20 });
    const key = Buffer.from(KEY);

    expect(await failure(kms.unwrap(WRAPPED))).toBe("KMS_TIMEOUT");
    late.resolve(key);
    await late.promise;

    expect(isWiped(key)).toBe(true);
  });

  it("is wiped when its length is impossible", async () => {
    const answer = Buffer.alloc(65, 7);
    const kms = new Kms(fake({ unwrap: async () => answer }));

    expect(await failure(kms.unwrap(WRAPPED))).toBe("KMS_RESPONSE_INVALID");
    expect(isWiped(answer)).toBe(true);
  });
});

describe("the end of a call", () => {
  it.for(["stops", "ignores"])("comes at the deadline when the driver %s", async (manner) => {
    const kms = new Kms(fake({ wrap: hanging(manner === "stops") }), { timeoutMs: 40 });
    const started = performance.now();

    const error = await kms.wrap(KEY).catch((error: unknown) => error);

    expect(error).toMatchObject({ code: "KMS_TIMEOUT", httpStatus: 0, retryable: true });
    expect(performance.now() - started).toBeGreaterThanOrEqual(35);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("comes to each call of one KMS at its own time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const ended: string[] = [];
    const kms = new Kms(fake({ wrap: hanging(true) }), { timeoutMs: 100 });
    const call = async (name: string): Promise<void> => {
      expect(await failure(kms.wrap(KEY))).toBe("KMS_TIMEOUT");
      ended.push(name);
    };

    const calls = [call("first")];
    await vi.advanceTimersByTimeAsync(40);
    calls.push(call("second"));
    await vi.advanceTimersByTimeAsync(59);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(["first"]);
    calls.push(call("third"));
    await vi.advanceTimersByTimeAsync(40);
    expect(ended).toEqual(["first", "second"]);
    await vi.advanceTimersByTimeAsync(60);

    await Promise.all(calls);
    expect(ended).toEqual(["first", "second", "third"]);
  });

  it.for(["stops", "ignores"])(
    "comes with the caller's signal when the driver %s",
    async (manner) => {
      const controller = new AbortController();
      const kms = new Kms(fake({ wrap: hanging(manner === "stops") }), { timeoutMs: 60_000 });

      const call = failure(kms.wrap(KEY, controller.signal));
      controller.abort();

      expect(await call).toBe("KMS_ABORTED");
    },
  );

  it("comes before the driver is asked when the caller has gone already", async () => {
    let asked = 0;
    const kms = new Kms(fake({ wrap: async () => (asked++, WRAPPED) }));

    expect(await failure(kms.wrap(KEY, AbortSignal.abort()))).toBe("KMS_ABORTED");
    expect(asked).toBe(0);
  });

  it("aborts the signal that the driver holds", async () => {
    let signal: AbortSignal | undefined;
    const kms = new Kms(
      fake({
        wrap: (_key, options) => {
          signal = options.signal;
          return new Promise<never>(() => {});
        },
      }),
      { timeoutMs: 20 },
    );

    await failure(kms.wrap(KEY));

    expect(signal?.aborted).toBe(true);
  });
});

describe("the retry", () => {
  it.for(["KMS_UNREACHABLE", "KMS_TIMEOUT"] as const)("follows %s exactly once", async (code) => {
    const { driver, calls } = failing([code, code, code]);

    expect(await failure(new Kms(driver).wrap(KEY))).toBe(code);
    expect(calls()).toBe(2);
  });

  it("saves the call, whole key included, and counts as one observation", async () => {
    const seen: KmsObservation[] = [];
    const keys: string[] = [];
    const { driver } = failing(["KMS_UNREACHABLE"], (key) =>
      keys.push(Buffer.from(key).toString()),
    );
    const kms = new Kms(driver, { observe: (observation) => seen.push(observation) });

    expect((await kms.wrap(KEY)).equals(WRAPPED)).toBe(true);
    expect(keys).toEqual([KEY.toString(), KEY.toString()]);
    expect(seen).toMatchObject([{ code: "OK", attempts: 2 }]);
  });

  it.for([
    "KMS_ACCOUNT_ISSUE",
    "KMS_AUTH_FAILED",
    "KMS_CIPHERTEXT_INVALID",
    "KMS_CONFIG_INVALID",
    "KMS_KEY_UNAVAILABLE",
    "KMS_RESPONSE_INVALID",
    "KMS_THROTTLED",
    "KMS_UNKNOWN",
  ] as const)("does not follow %s", async (code) => {
    const { driver, calls } = failing([code]);

    expect(await failure(new Kms(driver).wrap(KEY))).toBe(code);
    expect(calls()).toBe(1);
  });

  it("shares the deadline of the first attempt", async () => {
    let calls = 0;
    const wrap = async (): Promise<Uint8Array> => {
      calls += 1;
      if (calls > 1) return new Promise<never>(() => {});
      await delay(30);
      throw new DriverError({ code: "KMS_UNREACHABLE" });
    };
    const started = performance.now();

    expect(await failure(new Kms(fake({ wrap }), { timeoutMs: 80 }).wrap(KEY))).toBe("KMS_TIMEOUT");
    expect(calls).toBe(2);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

/** Fails with these codes one after the other, then works. */
function failing(codes: readonly KmsErrorCode[], see: (key: Uint8Array) => void = () => {}) {
  let calls = 0;
  const driver = fake({
    wrap: async (key) => {
      see(key);
      const code = codes[calls];
      calls += 1;
      if (code !== undefined) throw new DriverError({ code });
      return WRAPPED;
    },
  });
  return { driver, calls: () => calls };
}

function hanging(obedient: boolean): KmsDriver["wrap"] {
  return (_key, { signal }) =>
    new Promise((_resolve, reject) => {
      if (obedient) signal.addEventListener("abort", () => reject(new Error("stopped")));
    });
}

function isWiped(bytes: Uint8Array): boolean {
  return bytes.byteLength > 0 && bytes.every((byte) => byte === 0);
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
