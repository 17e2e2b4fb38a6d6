import type { KmsType } from "../tenants/tenant.ts";
import type { KeyContext } from "./context.ts";
import { NO_ROW } from "./ready/lease-rows.ts";

/** The label of a tenant's requests: the type of its primary, `none` without one. Never throws. */
export function kmsTypeOf({ tenants, leases }: KeyContext, tenantId: string): KmsType | "none" {
  try {
    const snapshot = tenants.current();
    const row = leases.ready(snapshot, tenantId);
    if (row !== NO_ROW) return leases.readyType(row);
    const assignments = snapshot.tenants.get(tenantId)?.assignments ?? [];
    for (const { active, primary, configuration } of assignments) {
      if (active && primary) return configuration.usable ? configuration.type : "none";
    }
  } catch {
    // No snapshot, so no primary either; the request itself says why.
  }
  return "none";
}
