import { DriverError } from "../driver-error.ts";

/** The vendor said success, with something that must not be used. */
export function unusable(detail: string): DriverError {
  return new DriverError({ code: "KMS_RESPONSE_INVALID", detail, httpStatus: 200 });
}
