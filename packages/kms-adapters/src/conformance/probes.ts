import { randomBytes } from "node:crypto";
import type { CallOptions, DriverAnswer, KmsDriver } from "../driver.ts";
import { KmsError, type KmsErrorCode } from "../errors.ts";

/** Ways to damage a ciphertext, by the words that end "a ciphertext that …". */
export const changed: Readonly<Record<string, (wrapped: Buffer) => Buffer>> = {
  "was cut": (wrapped) => wrapped.subarray(0, wrapped.byteLength - 1),
  "was cut in half": (wrapped) => wrapped.subarray(0, wrapped.byteLength >> 1),
  "has a flipped bit in front": (wrapped) => flipped(wrapped, 0),
  "has a flipped bit in the middle": (wrapped) => flipped(wrapped, wrapped.byteLength >> 1),
  "has a flipped bit at the end": (wrapped) => flipped(wrapped, wrapped.byteLength - 1),
  "is only random bytes": (wrapped) => randomBytes(wrapped.byteLength),
  "is one byte": () => Buffer.from([0x41]),
};

function flipped(wrapped: Buffer, index: number): Buffer {
  const copy = Buffer.from(wrapped);
  copy.writeUInt8(copy.readUInt8(index) ^ 0x04, index);
  return copy;
}

/** Bytes as plain text, so that a failed comparison shows them whatever class holds them. */
export function whole(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** How a call ended: `OK` or the code of its `KmsError`; any other rejection goes through. */
export function failure(call: Promise<unknown>): Promise<KmsErrorCode | "OK"> {
  return call.then(
    () => "OK",
    (error: unknown) => {
      if (KmsError.is(error)) return error.code;
      throw error;
    },
  );
}

export interface DriverSpy {
  /** The very buffers that `wrap` was given. */
  readonly inputs: Uint8Array[];
  /** The very buffers that `unwrap` gave. */
  readonly outputs: Uint8Array[];
  readonly calls: Promise<unknown>[];
}

type Method = (bytes: Uint8Array, options: CallOptions) => DriverAnswer;

/** Watches what goes into a driver and what comes out, from now on. */
export function spyOn(driver: KmsDriver): DriverSpy {
  const spy: DriverSpy = { inputs: [], outputs: [], calls: [] };
  const watched =
    (method: Method, keep: (input: Uint8Array, output: Uint8Array) => void): Method =>
    async (bytes, options) => {
      const call = Promise.resolve(method(bytes, options));
      spy.calls.push(call);
      const output = await call;
      keep(bytes, output);
      return output;
    };
  driver.wrap = watched(driver.wrap.bind(driver), (input) => spy.inputs.push(input));
  driver.unwrap = watched(driver.unwrap.bind(driver), (_input, output) => {
    spy.outputs.push(output);
  });
  return spy;
}
