import { randomBytes, timingSafeEqual } from "node:crypto";
import type { KmsOperation } from "@tenant-security/kms-adapters";
import { ProxyError } from "../errors.ts";
import { STATUS, type StatusName } from "../status.ts";
import type { KmsConfiguration, KmsType, UnusableConfiguration } from "../tenants/tenant.ts";

/** What the trial asks of a KMS; the proxy's own pool does it. */
export interface TrialKms {
  wrap(configuration: KmsConfiguration, key: Uint8Array, signal: AbortSignal): Promise<Buffer>;
  unwrap(configuration: KmsConfiguration, key: Uint8Array, signal: AbortSignal): Promise<Buffer>;
}

export type StepResult =
  | { readonly result: "works"; readonly ms: number }
  | {
      readonly result: "failed";
      readonly code: number;
      readonly reason: string;
      readonly hint: string;
    }
  | { readonly result: "not tried" };

export interface TrialResult {
  readonly configurationId: number;
  readonly type: KmsType | "unknown";
  readonly wrap: StepResult;
  readonly unwrap: StepResult;
}

/** The permission that each operation needs, in the vendor's own words. */
const PERMISSIONS: Readonly<Record<KmsType, Readonly<Record<KmsOperation, string>>>> = {
  AWS: { wrap: "kms:Encrypt on the key", unwrap: "kms:Decrypt on the key" },
  GCP: {
    wrap: "cloudkms.cryptoKeyVersions.useToEncrypt on the key",
    unwrap: "cloudkms.cryptoKeyVersions.useToDecrypt on the key",
  },
  AZURE: {
    wrap: "keys/wrap/action on the key (access policy: Wrap Key)",
    unwrap: "keys/unwrap/action on the key (access policy: Unwrap Key)",
  },
  THALES: { wrap: "Encrypt with Key on the key", unwrap: "Decrypt with Key on the key" },
  VAULT: {
    wrap: 'capability "update" on <mount>/encrypt/<key>',
    unwrap: 'capability "update" on <mount>/decrypt/<key>',
  },
  LOCAL: { wrap: "the key file to be readable", unwrap: "the key file to be readable" },
};

/** Refusals that a missing permission may be the reason of. */
const MAY_BE_PERMISSION: ReadonlySet<StatusName> = new Set([
  "KMS_AUTHORIZATION_FAILED",
  "KMS_CONFIGURATION_INVALID",
]);

const TRIAL_BYTES = 32;

/** Wraps a random key with a configuration and unwraps it again. Never rejects. */
export async function tryConfiguration(
  kms: TrialKms,
  configuration: KmsConfiguration | UnusableConfiguration,
  signal: AbortSignal,
): Promise<TrialResult> {
  const { id: configurationId } = configuration;
  if (!configuration.usable) return unusable(configuration);
  const { type } = configuration;
  const key = randomBytes(TRIAL_BYTES);
  try {
    const wrapped = await step(type, "wrap", () => kms.wrap(configuration, key, signal));
    if (wrapped.value === undefined) {
      return { configurationId, type, wrap: wrapped.result, unwrap: { result: "not tried" } };
    }
    const { value } = wrapped;
    const { result: unwrap } = await step(type, "unwrap", async () =>
      compareAndWipe(await kms.unwrap(configuration, value, signal), key),
    );
    return { configurationId, type, wrap: wrapped.result, unwrap };
  } finally {
    key.fill(0);
  }
}

export function hasFailed({ wrap, unwrap }: TrialResult): boolean {
  return wrap.result !== "works" || unwrap.result !== "works";
}

async function step<T>(
  type: KmsType,
  operation: KmsOperation,
  act: () => Promise<T>,
): Promise<{ readonly result: StepResult; readonly value?: T }> {
  const started = performance.now();
  try {
    const value = await act();
    return { value, result: { result: "works", ms: Math.round(performance.now() - started) } };
  } catch (error) {
    const { status, fullMessage: reason } = ProxyError.from(error);
    const hint = MAY_BE_PERMISSION.has(status) ? PERMISSIONS[type][operation] : "";
    return { result: { result: "failed", code: STATUS[status], reason, hint } };
  }
}

function compareAndWipe(unwrapped: Buffer, key: Buffer): true {
  try {
    if (unwrapped.length === key.length && timingSafeEqual(unwrapped, key)) return true;
  } finally {
    unwrapped.fill(0);
  }
  throw new ProxyError("KMS_UNWRAP_FAILED", "The KMS gave back another key than it was given");
}

function unusable({ id, reason }: UnusableConfiguration): TrialResult {
  const code = STATUS.KMS_CONFIGURATION_INVALID;
  const wrap = { result: "failed", code, reason, hint: "" } as const;
  return { configurationId: id, type: "unknown", wrap, unwrap: { result: "not tried" } };
}
