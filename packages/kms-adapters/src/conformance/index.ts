import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KmsDriver } from "../driver.ts";
import { Kms } from "../kms.ts";
import { changed, failure, spyOn, whole } from "./probes.ts";

/** A vendor, real or not, with two keys for one test. */
export interface DriverHarness {
  /** Two drivers backed by two different keys of the same vendor. The suite closes them. */
  drivers(): Promise<readonly [KmsDriver, KmsDriver]>;

  /** From now on the vendor accepts requests and answers none. */
  stall?(): void | Promise<void>;

  /** The most sockets that were open to the vendor at one time. */
  peakSockets?(): number | Promise<number>;

  /** What `peakSockets` may reach. Default: 64. */
  readonly maxSockets?: number;

  /** Stops what the harness started. */
  dispose?(): void | Promise<void>;
}

/** Patience of the suite. */
export interface ConformanceOptions {
  /** Milliseconds for each test. Default: 30 000, for servers that are far or slow. */
  readonly timeoutMs?: number;
  /**
   * How long after its deadline a call may settle. Default: 50 ms of promise and 450 ms for a test
   * machine that is busy with something else.
   */
  readonly settleWithinMs?: number;
}

const KEY_SIZES = [32, 48] as const;
const DEADLINE_MS = 300;
const PARALLEL_CALLS = 200;

/**
 * The contract that every driver meets, as a vitest suite. Call it from a driver's own test file;
 * `createHarness` is called once per test, so that no test sees another one's vendor.
 */
export function describeKmsDriver(
  name: string,
  createHarness: () => DriverHarness | Promise<DriverHarness>,
  { timeoutMs = 30_000, settleWithinMs = 500 }: ConformanceOptions = {},
): void {
  async function start(options?: { readonly timeoutMs: number }) {
    const harness = await createHarness();
    const drivers = await harness.drivers();
    const [first, second] = [new Kms(drivers[0], options), new Kms(drivers[1], options)];
    onTestFinished(async () => {
      await Promise.all([first.close(), second.close()]);
      await harness.dispose?.();
    });
    return { harness, drivers, first, second };
  }

  describe(`${name} meets the driver contract`, { timeout: timeoutMs }, () => {
    it.for(KEY_SIZES)("gives back the key of %i bytes that was wrapped", async (size) => {
      const { first } = await start();
      const key = randomBytes(size);

      expect(whole(await first.unwrap(await first.wrap(key)))).toEqual(whole(key));
    });

    it("wraps the same key differently each time", async () => {
      const { first } = await start();
      const key = randomBytes(32);

      const [one, other] = [await first.wrap(key), await first.wrap(key)];

      expect(one.equals(other)).toBe(false);
    });

    it("does not open the ciphertext of another key", async () => {
      const { first, second } = await start();
      const wrapped = await first.wrap(randomBytes(32));

      expect(await failure(second.unwrap(wrapped))).toBe("KMS_CIPHERTEXT_INVALID");
    });

    it.for(Object.entries(changed))("does not open a ciphertext that %s", async ([, change]) => {
      const { first } = await start();
      const wrapped = await first.wrap(randomBytes(32));

      expect(await failure(first.unwrap(change(wrapped)))).toBe("KMS_CIPHERTEXT_INVALID");
    });

    it("refuses to work once closed", async () => {
      const { first, drivers } = await start();
      const key = randomBytes(32);
      const wrapped = await first.wrap(key);
      await first.close();

      expect(await failure(first.wrap(key))).toBe("KMS_CLOSED");
      expect(await failure(first.unwrap(wrapped))).toBe("KMS_CLOSED");
      const direct = new Kms(drivers[0], { timeoutMs: 5_000 });
      expect(await failure(direct.wrap(key))).not.toBe("OK");
    });

    it("leaves the caller's key alone and keeps no part of it", async () => {
      const { first, drivers } = await start();
      const key = randomBytes(32);
      const before = Buffer.from(key);
      const spy = spyOn(drivers[0]);

      await first.wrap(key);

      expect(key.equals(before)).toBe(true);
      expect(spy.inputs).toHaveLength(1);
      expect(spy.inputs[0]?.every((byte) => byte === 0)).toBe(true);
      expect(spy.inputs[0]?.buffer).not.toBe(key.buffer);
    });

    it("hands out each plaintext in memory of its own", async () => {
      const { first, drivers } = await start();
      const key = randomBytes(32);
      const wrapped = await first.wrap(key);
      const spy = spyOn(drivers[0]);

      const [one, other] = [await first.unwrap(wrapped), await first.unwrap(wrapped)];
      one.fill(0);

      expect(other.equals(key)).toBe(true);
      expect(other.buffer.byteLength).toBe(key.byteLength);
      expect(spy.outputs).toHaveLength(2);
      expect(spy.outputs.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    });

    it("gives up at the deadline when the vendor does not answer", async ({ skip }) => {
      const { first, harness } = await start({ timeoutMs: DEADLINE_MS });
      skip(harness.stall === undefined, "this vendor cannot be made to stall");
      await harness.stall?.();

      const started = performance.now();
      expect(await failure(first.wrap(randomBytes(32)))).toBe("KMS_TIMEOUT");
      expect(performance.now() - started).toBeLessThan(DEADLINE_MS + settleWithinMs);
    });

    it("gives up when the caller does", async ({ skip }) => {
      const { first, drivers, harness } = await start();
      skip(harness.stall === undefined, "this vendor cannot be made to stall");
      await harness.stall?.();
      const controller = new AbortController();
      const spy = spyOn(drivers[0]);

      const call = failure(first.wrap(randomBytes(32), controller.signal));
      await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS));
      const started = performance.now();
      controller.abort();

      expect(await call).toBe("KMS_ABORTED");
      // The driver itself must have stopped too, not only the class around it.
      await Promise.allSettled(spy.calls);
      expect(performance.now() - started).toBeLessThan(settleWithinMs);
    });

    it(`makes ${PARALLEL_CALLS} calls at once over a bounded number of sockets`, async () => {
      const { first, harness } = await start();
      const keys = Array.from({ length: PARALLEL_CALLS }, () => randomBytes(32));

      const wrapped = await Promise.all(keys.map((key) => first.wrap(key)));
      const opened = await Promise.all(wrapped.map((bytes) => first.unwrap(bytes)));

      expect(opened.map(whole)).toEqual(keys.map(whole));
      const peak = (await harness.peakSockets?.()) ?? 0;
      expect(peak).toBeLessThanOrEqual(harness.maxSockets ?? 64);
    });
  });
}
