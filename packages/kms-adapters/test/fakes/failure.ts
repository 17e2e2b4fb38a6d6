import { KmsError } from "../../src/errors.ts";

/** The `KmsError` a call ends with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<KmsError> {
  const error = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  if (KmsError.is(error)) return error;
  throw error;
}

/** The same for a factory that refuses what it is given. */
export function refusalOf(make: () => unknown): KmsError {
  try {
    make();
  } catch (error) {
    if (KmsError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
