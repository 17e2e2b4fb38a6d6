import { ProxyError } from "../errors.ts";
import type { Snapshot } from "./source.ts";
import type { Assignment, KmsConfiguration, Tenant } from "./tenant.ts";

/**
 * The tenant of a request. Checked before anything else of the request is looked at.
 * @throws ProxyError 201 when it is unknown or none of its configurations is active
 */
export function tenantOf({ tenants }: Pick<Snapshot, "tenants">, tenantId: string): Tenant {
  const tenant = tenants.get(tenantId);
  if (tenant?.assignments.some(isActive)) return tenant;
  throw new ProxyError(
    "UNKNOWN_TENANT",
    "No configurations available for the provided tenant: it is unknown to this proxy, " +
      "or none of its KMS configurations is active",
  );
}

/**
 * The configuration that wraps for a tenant.
 * @throws ProxyError 200 when no active configuration is primary, 201 when none is active,
 *   207 when the primary cannot be used
 */
export function primaryOf(tenant: Tenant): KmsConfiguration {
  const primary = tenant.assignments.find(isPrimary);
  if (primary === undefined) throw noPrimary(tenant);
  const configuration = usable(primary);
  if (tenant.keyLeasingRequired && !configuration.leasingAllowed) {
    throw new ProxyError(
      "KMS_CONFIGURATION_INVALID",
      `The tenant requires key leasing, but its primary KMS configuration ${configuration.id} ` +
        "does not allow it",
    );
  }
  return configuration;
}

/**
 * The configuration that unwraps what names it, whether or not it is the primary.
 * @throws ProxyError 203 when it is not assigned to the tenant, 202 when it is not active,
 *   207 when it cannot be used
 */
export function configurationFor(tenant: Tenant, configurationId: number): KmsConfiguration {
  const assignment = tenant.assignments.find(({ configuration: { id } }) => id === configurationId);
  if (assignment === undefined) {
    throw new ProxyError(
      "INVALID_PROVIDED_EDEK",
      `KMS configuration ${configurationId} of the provided EDEK is not assigned to tenant ` +
        quoted(tenant.id),
    );
  }
  if (!assignment.active) {
    throw new ProxyError(
      "KMS_CONFIGURATION_DISABLED",
      `KMS configuration ${configurationId} of the provided EDEK is disabled for the tenant`,
    );
  }
  return usable(assignment);
}

/** Whether the tenant can wrap, as far as its assignments tell: `hasPrimaryConfig` of the wire. */
export function hasPrimary(tenant: Tenant): boolean {
  return tenant.assignments.some(isPrimary);
}

const isActive = ({ active }: Assignment): boolean => active;

const isPrimary = ({ active, primary }: Assignment): boolean => active && primary;

function noPrimary(tenant: Tenant): ProxyError {
  if (!tenant.assignments.some(isActive)) {
    return new ProxyError(
      "UNKNOWN_TENANT",
      "No configurations available for the provided tenant: none of its KMS configurations " +
        "is active",
    );
  }
  return new ProxyError(
    "NO_PRIMARY_KMS_CONFIGURATION",
    "The tenant has no primary KMS configuration, which is needed to wrap keys",
  );
}

function usable({ configuration }: Assignment): KmsConfiguration {
  if (configuration.usable) return configuration;
  throw new ProxyError(
    "KMS_CONFIGURATION_INVALID",
    `KMS configuration ${configuration.id} cannot be used: ${configuration.reason}`,
  );
}

/** Tenant ids are any text; a message is one readable line. */
function quoted(id: string): string {
  return JSON.stringify(id.length > 100 ? `${id.slice(0, 100)}…` : id);
}
