/** A secret by reference, as the configuration file writes it. */
export interface SecretReference {
  readonly fromFile?: string;
  readonly fromEnv?: string;
}

export interface ConfigurationEntry {
  readonly id: number;
  readonly type: string;
  readonly keyPath: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly leasingAllowed?: boolean;
}

export interface AssignmentEntry {
  readonly id: number;
  readonly active?: boolean;
  readonly primary?: boolean;
}

export interface TenantEntry {
  readonly id: string;
  readonly configurations: readonly AssignmentEntry[];
  readonly keyLeasingRequired?: boolean;
  readonly tags?: readonly string[];
}

/** The configuration file, version 1. */
export interface ConfigurationDocument {
  readonly version: 1;
  readonly kmsConfigurations: readonly ConfigurationEntry[];
  readonly tenants: readonly TenantEntry[];
}

export interface LocalOptions {
  readonly leased?: boolean;
  /** Files of base64 keys, oldest version first. */
  readonly keyFiles: readonly string[];
}

/** A configuration on the embedded local KMS. */
export function localConfiguration(id: number, options: LocalOptions): ConfigurationEntry {
  return {
    id,
    type: "LOCAL",
    keyPath: { keyName: `key-${id}` },
    credentials: {
      keys: options.keyFiles.map((file, index) => ({
        version: index + 1,
        key: { fromFile: file },
      })),
    },
    leasingAllowed: options.leased ?? false,
  };
}

/** A configuration on a Vault transit engine. */
export function vaultConfiguration(
  id: number,
  options: { readonly address: string; readonly keyName: string; readonly token?: string },
): ConfigurationEntry {
  const { address, keyName, token = "a-vault-token" } = options;
  return {
    id,
    type: "VAULT",
    keyPath: { address, mountPath: "transit", keyName },
    credentials: { token },
    leasingAllowed: false,
  };
}

/** The usual assignment: used for wrapping and unwrapping. */
export const primary = (id: number): AssignmentEntry => ({ id, active: true, primary: true });

/** Opens old keys, makes no new ones. */
export const active = (id: number): AssignmentEntry => ({ id, active: true, primary: false });

/** Known and switched off. */
export const disabled = (id: number): AssignmentEntry => ({ id, active: false, primary: false });
