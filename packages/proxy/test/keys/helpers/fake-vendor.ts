import { randomBytes } from "node:crypto";
import {
  DriverError,
  type KmsDriver,
  type KmsErrorCode,
  type KmsOperation,
} from "@tenant-security/kms-adapters";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";

/**
 * A vendor in memory, one key per configuration id: it remembers what it wrapped, counts calls and
 * fails as told. A ciphertext is a random name, so that no changed one means anything to it.
 */
export class FakeVendor {
  readonly calls: { configurationId: number; operation: KmsOperation }[] = [];
  /** Keys handed to `wrap` are wiped by the caller; these are copies. */
  readonly wrapped: Map<string, { configurationId: number; plaintext: Buffer }> = new Map();
  readonly closed: number[] = [];
  /** Thrown by every call of a configuration while it is set. */
  readonly faults: Map<number, KmsErrorCode> = new Map();
  /** Milliseconds that every call takes. */
  latencyMs = 0;
  running = 0;
  mostRunning = 0;
  #held: Promise<void> = Promise.resolve();

  count(operation: KmsOperation, configurationId?: number): number {
    return this.calls.filter(
      (call) =>
        call.operation === operation &&
        (configurationId === undefined || call.configurationId === configurationId),
    ).length;
  }

  /** Calls that come from now on do not end before the function that this gives back was called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = Promise.resolve();
      resolve();
    };
  }

  driver(configurationId: number): KmsDriver {
    return {
      name: "fake",
      wrap: (key) => this.#call(configurationId, "wrap", () => this.#wrap(configurationId, key)),
      unwrap: (wrapped) =>
        this.#call(configurationId, "unwrap", () => this.#unwrap(configurationId, wrapped)),
      fault: () => ({ code: "KMS_UNKNOWN" }),
      close: async () => {
        this.closed.push(configurationId);
      },
    };
  }

  async #call(
    configurationId: number,
    operation: KmsOperation,
    answer: () => Buffer,
  ): Promise<Buffer> {
    this.calls.push({ configurationId, operation });
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.#held;
      await (this.latencyMs > 0 ? delay(this.latencyMs) : nextTurn());
      const code = this.faults.get(configurationId);
      if (code !== undefined) throw new DriverError({ code, detail: `Code: Fake, ${code}` });
      return answer();
    } finally {
      this.running -= 1;
    }
  }

  #wrap(configurationId: number, key: Uint8Array): Buffer {
    const name = randomBytes(16);
    this.wrapped.set(name.toString("hex"), { configurationId, plaintext: Buffer.from(key) });
    return Buffer.concat([Buffer.from("FV"), name]);
  }

  #unwrap(configurationId: number, wrapped: Uint8Array): Buffer {
    const known = this.wrapped.get(Buffer.from(wrapped.subarray(2)).toString("hex"));
    if (known?.configurationId !== configurationId || wrapped[0] !== 0x46 || wrapped[1] !== 0x56) {
      const detail = "Code: FakeInvalid, the ciphertext is not of this key";
      throw new DriverError({ code: "KMS_CIPHERTEXT_INVALID", detail });
    }
    return Buffer.from(known.plaintext);
  }
}
