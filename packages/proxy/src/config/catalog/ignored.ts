import type { IgnoredSetting } from "../setting.ts";

const group = "Accepted and ignored";

export interface IgnoredCatalog {
  readonly SERVICE_ACCOUNT_ID: IgnoredSetting;
  readonly SERVICE_CONFIG_ID: IgnoredSetting;
  readonly SERVICE_SEGMENT_ID: IgnoredSetting;
  readonly SERVICE_ENCRYPTION_PRIVATE_KEY: IgnoredSetting;
  readonly SERVICE_SIGNING_PRIVATE_KEY: IgnoredSetting;
  readonly CONFIG_BROKER_URL: IgnoredSetting;
  readonly IRONCORE_ENV: IgnoredSetting;
}

/** Variables of the original's environment file that mean nothing to this version. */
export const IGNORED_SETTINGS: IgnoredCatalog = {
  SERVICE_ACCOUNT_ID: {
    kind: "ignored",
    group,
    about: "Service account of the Configuration Broker.",
    since: "original",
  },
  SERVICE_CONFIG_ID: {
    kind: "ignored",
    group,
    about: "Service account of the Configuration Broker.",
    since: "original",
  },
  SERVICE_SEGMENT_ID: {
    kind: "ignored",
    group,
    about: "Service account of the Configuration Broker.",
    since: "original",
  },
  SERVICE_ENCRYPTION_PRIVATE_KEY: {
    kind: "ignored",
    group,
    about: "Key that opens configurations of the Configuration Broker.",
    since: "original",
  },
  SERVICE_SIGNING_PRIVATE_KEY: {
    kind: "ignored",
    group,
    about: "Key that signs requests to the Configuration Broker.",
    since: "original",
  },
  CONFIG_BROKER_URL: {
    kind: "ignored",
    group,
    about: "Address of the Configuration Broker.",
    since: "original",
  },
  IRONCORE_ENV: {
    kind: "ignored",
    group,
    about: "Stage of the original's services.",
    since: "original",
  },
};
