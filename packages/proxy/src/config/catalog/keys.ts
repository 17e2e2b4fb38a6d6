import type { ChoiceSetting, FileSetting, IntegerSetting } from "../setting.ts";
import type { Settings } from "../settings.ts";

export interface KeyCatalog {
  readonly TSP_CONFIG_FILE: FileSetting;
  readonly TSP_CONFIG_REFRESH_INTERVAL_MS: IntegerSetting;
  readonly TSP_CONFIG_MAX_AGE_MS: IntegerSetting;
  readonly TSP_EDEK_BINDING: ChoiceSetting<Settings["keys"]["binding"]>;
  readonly TSP_LEASE_CIPHER: ChoiceSetting<Settings["keys"]["leaseCipher"]>;
  readonly TSP_LEASE_MAX_AGE_MS: IntegerSetting;
  readonly TSP_LEASE_MAX_WRAPS: IntegerSetting;
  readonly TSP_LEASE_CACHE_SIZE: IntegerSetting;
  readonly TSP_SECRET_CACHE_SIZE: IntegerSetting;
}

/** Where tenants come from and how keys are wrapped. */
export const KEY_SETTINGS: KeyCatalog = {
  TSP_CONFIG_FILE: {
    kind: "file",
    group: "Tenants",
    required: true,
    about: "The configuration file with tenants and KMS configurations; see below.",
    since: "0.1",
  },
  TSP_CONFIG_REFRESH_INTERVAL_MS: {
    kind: "integer",
    group: "Tenants",
    unit: "ms",
    default: 600_000,
    min: 100,
    max: 86_400_000,
    about: "Time between two refreshes, give or take a tenth. A changed file is read at once.",
    since: "0.1",
  },
  TSP_CONFIG_MAX_AGE_MS: {
    kind: "integer",
    group: "Tenants",
    unit: "ms",
    default: 86_400_000,
    min: 1_000,
    max: 604_800_000,
    about:
      "How long the last good configuration serves while refreshes fail. After that `/ready` is " +
      "500 and requests get code 100. Not less than the refresh interval.",
    since: "0.1",
  },
  TSP_EDEK_BINDING: {
    kind: "choice",
    group: "Keys",
    default: "tenant",
    choices: ["tenant", "none"],
    about:
      "What new EDEKs are bound to. `tenant`: tenant, configuration and lease. `none`: nothing, " +
      "byte for byte as the original writes them. Both are always readable.",
    since: "0.1",
  },
  TSP_LEASE_CIPHER: {
    kind: "choice",
    group: "Keys",
    default: "xchacha20-poly1305",
    choices: ["xchacha20-poly1305", "aes-256-gcm"],
    about: "Cipher under leased keys. Both are always readable.",
    since: "0.1",
  },
  TSP_LEASE_MAX_AGE_MS: {
    kind: "integer",
    group: "Keys",
    unit: "ms",
    default: 86_400_000,
    min: 1_000,
    max: 86_400_000,
    about: "Age at which a leased key is replaced.",
    since: "0.1",
  },
  TSP_LEASE_MAX_WRAPS: {
    kind: "integer",
    group: "Keys",
    unit: "wraps",
    default: 1_073_741_824,
    min: 1,
    max: 1_073_741_824,
    about: "Number of wraps after which a leased key of a cipher with a 12-byte IV is replaced.",
    since: "0.1",
  },
  TSP_LEASE_CACHE_SIZE: {
    kind: "integer",
    group: "Keys",
    unit: "items",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    about: "Unwrapped leased keys kept that other processes made.",
    since: "0.1",
  },
  TSP_SECRET_CACHE_SIZE: {
    kind: "integer",
    group: "Keys",
    unit: "items",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    about: "Unwrapped tenant secrets kept for key derivation.",
    since: "0.1",
  },
};
