import { AddressPolicy, type KmsAddress } from "../http/address-policy.ts";
import { readCertificates } from "../http/certificates.ts";
import { configInvalid, Members, type TextRules } from "../members.ts";
import { admit } from "../rest/admit.ts";

/** A configuration as tenant files hold it: architecture 4. */
export interface VaultKmsOptions {
  /** `{ address, namespace?, mountPath, keyName }` */
  readonly keyPath: unknown;
  /**
   * `{ token }`, `{ roleId, secretId, authMountPath? }` or `{ jwt, role, authMountPath? }`, each with
   * `caCertificate?`
   */
  readonly credentials: unknown;
  /** Where `keyPath.address` may lead. Default: any public host, ports 443 and 8200. */
  readonly policy?: AddressPolicy;
  /** Milliseconds until a connection stands. Default: 3 000. */
  readonly connectTimeoutMs?: number;
  /** Sockets at most. Default: 32. */
  readonly maxSockets?: number;
}

/** How the driver gets a token: it has one, or it logs in with `body` at `path`. */
export type VaultLogin =
  | { readonly token: string }
  | { readonly path: string; readonly body: Readonly<Record<string, string>> };

export interface VaultSettings {
  readonly address: KmsAddress;
  readonly namespace: string | undefined;
  readonly mountPath: string;
  readonly keyName: string;
  readonly login: VaultLogin;
  readonly caCertificate: string | undefined;
}

export const NAME = "vault";

const RULES = { ports: [443, 8200] } as const;

// A segment never begins with a dot, so no path can climb out of its mount.
const PATH: TextRules = {
  max: 255,
  pattern: /^\w[\w.-]*(?:\/\w[\w.-]*)*$/,
  form: "a path of letters, digits, '_', '-' and '.', without a slash at either end",
};
const KEY_NAME: TextRules = {
  max: 255,
  pattern: /^\w[\w.-]*$/,
  form: "a name of letters, digits, '_', '-' and '.'",
};
const SECRET: TextRules = { max: 16_384, pattern: /^[\u0021-\u007e]+$/, form: "printable ASCII" };

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member, never its value */
export function parseVaultOptions(options: VaultKmsOptions): VaultSettings {
  const { policy = new AddressPolicy() } = options;
  const keyPath = new Members(NAME, "keyPath", options.keyPath);
  const credentials = new Members(NAME, "credentials", options.credentials);
  return {
    address: admit(keyPath.text("address"), RULES, {
      driver: NAME,
      member: "keyPath.address",
      policy,
    }),
    namespace: keyPath.optionalText("namespace", PATH),
    mountPath: keyPath.text("mountPath", PATH),
    keyName: keyPath.text("keyName", KEY_NAME),
    login: parseLogin(credentials),
    caCertificate: readCertificates(credentials, "caCertificate"),
  };
}

function parseLogin(credentials: Members): VaultLogin {
  const kinds = ["token", "roleId", "jwt"].filter((name) => credentials.has(name));
  if (kinds.length !== 1) {
    throw configInvalid(
      NAME,
      "credentials must hold exactly one of: token; roleId and secretId; jwt and role",
    );
  }
  const secret = (name: string): string => credentials.text(name, { ...SECRET, fromFile: true });
  if (kinds[0] === "token") return { token: secret("token") };
  if (kinds[0] === "jwt") {
    const body = { role: credentials.text("role"), jwt: secret("jwt") };
    return { path: loginPath(credentials, "jwt"), body };
  }
  const body = { role_id: secret("roleId"), secret_id: secret("secretId") };
  return { path: loginPath(credentials, "approle"), body };
}

function loginPath(credentials: Members, standard: string): string {
  const mount = credentials.optionalText("authMountPath", PATH) ?? standard;
  return `/v1/auth/${mount}/login`;
}
