import { AddressPolicy, type KmsAddress } from "../http/address-policy.ts";
import { Members } from "../members.ts";
import { admit } from "../rest/admit.ts";

/** A configuration as tenant files hold it (wire-protocol 5.1), and what the operator decides. */
export interface AzureKmsOptions {
  /** `{ vaultBaseUrl, keyName, cloud?, algorithm? }` */
  readonly keyPath: unknown;
  /** `{ tenantGuid, clientId, clientSecret }` */
  readonly credentials: unknown;
  /** Which addresses are allowed. Default: Microsoft's own, nothing private. */
  readonly policy?: AddressPolicy;
  /** Milliseconds until a connection stands. Default: 3 000. */
  readonly connectTimeoutMs?: number;
  /** Sockets to the vault at most. Default: 32. */
  readonly maxSockets?: number;
  /** For the operator only: origin of another token service. Default: the cloud's own. */
  readonly authorityHost?: string;
  /** What allows `authorityHost`, when a vault must not be there. Default: `policy`. */
  readonly authorityPolicy?: AddressPolicy;
  /** For the operator only: PEM of the authorities to trust instead of the public ones. */
  readonly caCertificate?: string;
}

/** How the vault wraps; the second one is there for data that is older than the first. */
export type AzureAlgorithm = "RSA-OAEP-256" | "RSA-OAEP";

export interface AzureConfig {
  readonly keyName: string;
  readonly algorithm: AzureAlgorithm;
  readonly tenantGuid: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the token is for. */
  readonly scope: string;
  readonly vault: KmsAddress;
  /**
   * What the vault calls itself in its answers. Undefined behind a name of the operator's, such as a
   * gateway: the vault there goes by a name that we do not know.
   */
  readonly vaultHost: string | undefined;
  readonly authority: KmsAddress;
}

interface Cloud {
  readonly authority: string;
  readonly authoritySuffix: string;
  /** Ends of host names; the scope is the same without the leading dot. */
  readonly vault: string;
  readonly hsm: string;
}

export const NAME = "azure";

/** Each cloud has names and identities of its own: a token of one is worth nothing in another. */
const AZURE_CLOUDS: Readonly<Record<string, Cloud>> = {
  public: {
    authority: "https://login.microsoftonline.com",
    authoritySuffix: ".microsoftonline.com",
    vault: ".vault.azure.net",
    hsm: ".managedhsm.azure.net",
  },
  usgov: {
    authority: "https://login.microsoftonline.us",
    authoritySuffix: ".microsoftonline.us",
    vault: ".vault.usgovcloudapi.net",
    hsm: ".managedhsm.usgovcloudapi.net",
  },
  china: {
    authority: "https://login.chinacloudapi.cn",
    authoritySuffix: ".chinacloudapi.cn",
    vault: ".vault.azure.cn",
    hsm: ".managedhsm.azure.cn",
  },
};

const ALGORITHMS = ["RSA-OAEP-256", "RSA-OAEP"] as const;

const KEY_NAME = { max: 127, pattern: /^[0-9a-zA-Z-]+$/, form: "letters, digits and -" };
const GUID = {
  max: 36,
  pattern: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  form: "a GUID",
  fromFile: true,
};
const CLIENT_ID = { max: 256, fromFile: true };
const SECRET = { max: 4_096, fromFile: true };

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member */
export function parseAzureOptions(options: AzureKmsOptions): AzureConfig {
  const { policy = new AddressPolicy(), authorityPolicy = policy } = options;
  const path = new Members(NAME, "keyPath", options.keyPath);
  const keyName = path.text("keyName", KEY_NAME);
  const vaultBaseUrl = path.text("vaultBaseUrl", { max: 300 });
  const algorithm = oneOf(path, "algorithm", ALGORITHMS) ?? "RSA-OAEP-256";
  const cloud = AZURE_CLOUDS[oneOf(path, "cloud", Object.keys(AZURE_CLOUDS)) ?? "public"];
  if (cloud === undefined) throw path.refuse("cloud", "is unknown");

  const credentials = new Members(NAME, "credentials", options.credentials);
  const suffixes = [cloud.vault, cloud.hsm];
  const vault = admit(
    vaultBaseUrl,
    { suffixes, singleLabel: true },
    { driver: NAME, member: "keyPath.vaultBaseUrl", policy },
  );
  return {
    keyName,
    algorithm,
    tenantGuid: credentials.text("tenantGuid", GUID),
    clientId: credentials.text("clientId", CLIENT_ID),
    clientSecret: credentials.text("clientSecret", SECRET),
    scope: scopeOf(vault.hostname, cloud),
    vault,
    vaultHost: suffixes.some((end) => vault.hostname.endsWith(end)) ? vault.hostname : undefined,
    authority: admit(
      options.authorityHost ?? cloud.authority,
      { suffixes: [cloud.authoritySuffix] },
      { driver: NAME, member: "authorityHost", policy: authorityPolicy },
    ),
  };
}

function scopeOf(hostname: string, { vault, hsm }: Cloud): string {
  const service = hostname.endsWith(hsm) ? hsm : vault;
  return `https://${service.slice(1)}/.default`;
}

function oneOf<T extends string>(
  members: Members,
  name: string,
  values: readonly T[],
): T | undefined {
  const text = members.optionalText(name);
  const found = values.find((value) => value === text);
  if (text === undefined || found !== undefined) return found;
  throw members.refuse(name, `must be one of ${values.join(", ")}`);
}
