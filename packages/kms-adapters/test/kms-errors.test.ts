import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failure } from "../src/conformance/probes.ts";
import { Kms, KmsError, type KmsErrorCode, type KmsObservation } from "../src/index.ts";
import { fail, fakeDriver as fake, KEY, WRAPPED } from "./fakes/driver.ts";

describe("an answer that cannot be used", () => {
  it.for([
    ["wrap", "empty", new Uint8Array()],
    ["wrap", "larger than 64 KiB", new Uint8Array(65_537)],
    ["wrap", "not bytes", "text"],
    ["wrap", "missing", undefined],
    ["unwrap", "empty", new Uint8Array()],
    ["unwrap", "longer than 64 bytes", new Uint8Array(65)],
  ] as const)("%s: is %s", async ([operation, , answer]) => {
    const kms = new Kms(fake({ [operation]: async () => answer as Uint8Array }));

    expect(await failure(kms[operation](KEY))).toBe("KMS_RESPONSE_INVALID");
  });
});

describe("arguments that make no sense", () => {
  it.for([
    ["wrap", 0],
    ["wrap", 65],
    ["unwrap", 0],
    ["unwrap", 65_537],
  ] as const)("%s of %i bytes is a RangeError", async ([operation, size]) => {
    await expect(new Kms(fake({}))[operation](Buffer.alloc(size))).rejects.toThrow(RangeError);
  });
});

describe("an error", () => {
  it("says vendor, operation, whose KMS it was and what to do", async () => {
    const detail = "Code: KeyDisabled, key k1 is disabled";
    const driver = fake({
      fault: () => ({ code: "KMS_KEY_UNAVAILABLE", detail, httpStatus: 403 }),
    });
    driver.wrap = () => fail(new Error("raw"));

    const error = await new Kms(driver, { subject: "configuration 534" })
      .wrap(KEY)
      .catch((error: unknown) => error);

    expect(error).toMatchObject({
      message:
        "fake wrap failed (configuration 534): Code: KeyDisabled, key k1 is disabled. " +
        "Enable or restore the key at the vendor.",
      code: "KMS_KEY_UNAVAILABLE",
      driver: "fake",
      operation: "wrap",
      httpStatus: 403,
      retryable: false,
      cause: { message: "raw" },
    });
  });

  it("is recognised by its brand, across copies of this package", () => {
    const error = new KmsError({ code: "KMS_UNKNOWN" }, { driver: "fake", operation: "wrap" });

    expect(KmsError.is(error)).toBe(true);
    expect(KmsError.is(new Error("other"))).toBe(false);
    expect(KmsError.is(null)).toBe(false);
    expect(error.name).toBe("KmsError");
  });

  it("stays an error when the driver cannot explain it", async () => {
    const driver = fake({ fault: () => fail(new Error("a bug")) });
    driver.wrap = () => fail(new Error("raw"));

    expect(await failure(new Kms(driver).wrap(KEY))).toBe("KMS_UNKNOWN");
  });

  it("has a code of ours even when the driver makes one up", async () => {
    const driver = fake({ fault: () => ({ code: "toString" as KmsErrorCode }) });
    driver.wrap = () => fail(new Error("raw"));

    expect(await failure(new Kms(driver).wrap(KEY))).toBe("KMS_UNKNOWN");
  });

  it("is observed with the vendor's status", async () => {
    const seen: KmsObservation[] = [];
    const driver = fake({ fault: () => ({ code: "KMS_THROTTLED", httpStatus: 429 }) });
    driver.unwrap = () => fail(new Error("raw"));
    const kms = new Kms(driver, { observe: (observation) => seen.push(observation) });

    await failure(kms.unwrap(WRAPPED));

    expect(seen).toMatchObject([{ operation: "unwrap", code: "KMS_THROTTLED", httpStatus: 429 }]);
  });
});

describe("close", () => {
  it("refuses new calls, lets those under way finish, then closes the driver", async () => {
    const order: string[] = [];
    const answer = Promise.withResolvers<Uint8Array>();
    const kms = new Kms(
      fake({
        wrap: () => answer.promise.finally(() => order.push("driver answered")),
        close: async () => void order.push("driver closed"),
      }),
    );
    const call = failure(kms.wrap(KEY));

    const closed = kms.close();
    expect(await failure(kms.wrap(KEY))).toBe("KMS_CLOSED");
    await delay(10);
    expect(order).toEqual([]);
    answer.resolve(WRAPPED);
    await closed;

    expect(order).toEqual(["driver answered", "driver closed"]);
    expect(await call).toBe("OK");
  });

  it("closes the driver once, however often it is called", async () => {
    let closed = 0;
    const kms = new Kms(fake({ close: async () => void closed++ }));

    await Promise.all([kms.close(), kms.close()]);
    await kms.close();

    expect(closed).toBe(1);
  });
});
