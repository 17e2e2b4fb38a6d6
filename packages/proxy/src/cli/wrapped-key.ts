import { randomFillSync } from "node:crypto";
import { KEY_BYTES } from "../edek/edek.ts";
import { ProxyError } from "../errors.ts";
import { sealWithKms } from "../keys/seal-key.ts";
import { tenantOf } from "../tenants/select.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Toolbox } from "./toolbox.ts";

/**
 * A fresh 32-byte key that a tenant's KMS wrapped, with its primary configuration or, without one,
 * with an active one. Gives the serialized EDEK; nobody keeps the key.
 * @throws CliError 1 when the tenant or its KMS cannot
 */
export async function makeWrappedKey(
  { settings, snapshot, kms }: Toolbox,
  tenantId: string,
): Promise<Buffer> {
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  try {
    const configuration = configurationOf(tenantOf(snapshot, tenantId));
    const sealing = { kms, bound: settings.keys.binding === "tenant" };
    return await sealWithKms(sealing, tenantId, configuration, randomFillSync(key));
  } catch (cause) {
    throw refused(cause);
  } finally {
    key.fill(0);
  }
}

/** Turns what the store or a KMS refuses into one line. Errors nobody expects come back as they are. */
export function refused(cause: unknown): unknown {
  if (!(cause instanceof ProxyError)) return cause;
  const { code, message } = cause.toJSON();
  return new CliError(`${message} (code ${code})`, EXIT.failed, { cause });
}

function configurationOf({ assignments }: Tenant): KmsConfiguration {
  const active = assignments.filter(({ active }) => active);
  const chosen = active.find(({ primary }) => primary) ?? active[0];
  if (chosen?.configuration.usable === true) return chosen.configuration;
  const { id, reason } = chosen?.configuration ?? { id: 0, reason: "" };
  throw new ProxyError(
    "KMS_CONFIGURATION_INVALID",
    `KMS configuration ${id} cannot be used: ${reason}`,
  );
}
