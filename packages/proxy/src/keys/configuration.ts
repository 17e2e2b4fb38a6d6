import { DeniedEdek } from "../edek/denied-edek.ts";
import { ProxyError } from "../errors.ts";
import { configurationFor } from "../tenants/select.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import type { HeldKey } from "./held-key.ts";

/**
 * The configuration that an EDEK of this tenant names.
 * @throws DeniedEdek 203 when it is not assigned, ProxyError 202 and 207
 */
export function namedConfiguration(tenant: Tenant, id: number): KmsConfiguration {
  try {
    return configurationFor(tenant, id);
  } catch (error) {
    const foreign = error instanceof ProxyError && error.status === "INVALID_PROVIDED_EDEK";
    throw foreign ? new DeniedEdek(error.message) : error;
  }
}

/** The configuration a held key depends on; undefined when it stands no longer as it was. */
export function configurationOf(snapshot: Snapshot, key: HeldKey): KmsConfiguration | undefined {
  const assignments = snapshot.tenants.get(key.tenantId)?.assignments ?? [];
  for (const { active, configuration } of assignments) {
    if (configuration.id !== key.configurationId) continue;
    const same = active && configuration.usable && configuration.fingerprint === key.fingerprint;
    return same ? configuration : undefined;
  }
  return undefined;
}
