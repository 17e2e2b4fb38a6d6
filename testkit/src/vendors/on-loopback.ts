import type { VendorServer } from "../../../packages/kms-adapters/test/fakes/vendor-server.ts";
import type { Vendor } from "./vendor.ts";

/** A vendor whose server is this process. */
export interface VendorOnLoopback<Fake> extends Vendor {
  /** Its administrator's console. */
  readonly fake: Fake;
  readonly server: VendorServer;
}

/** Code of a key that is disabled, scheduled for deletion or destroyed. */
export const KEY_UNAVAILABLE = 207;
