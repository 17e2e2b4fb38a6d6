import type { KmsFault } from "./errors.ts";

/** What a driver throws when it knows the explanation already; `Kms` asks nobody else then. */
export class DriverError extends Error {
  static {
    this.prototype.name = "DriverError";
  }

  /** Goes into the `KmsError` as it is. */
  readonly fault: KmsFault;

  constructor(fault: KmsFault, options?: ErrorOptions) {
    super(fault.detail ?? fault.code, options);
    this.fault = fault;
  }
}
