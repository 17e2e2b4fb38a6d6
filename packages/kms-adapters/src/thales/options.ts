import { AddressPolicy, type KmsAddress } from "../http/address-policy.ts";
import { readCertificates } from "../http/certificates.ts";
import { Members } from "../members.ts";
import { admit } from "../rest/admit.ts";
import { type KeyIdType, KEY_ID_TYPES } from "./ciphertext.ts";

/** A configuration as tenant files hold it (wire-protocol 5.1), and what the operator decides. */
export interface ThalesKmsOptions {
  /** `{ serviceUrl, keyId, keyIdType? }` */
  readonly keyPath: unknown;
  /** `{ username, password, authDomain?, domain?, connection?, caCertificate? }` */
  readonly credentials: unknown;
  /** Which addresses are allowed. Default: every public host. */
  readonly policy?: AddressPolicy;
  /** Milliseconds until a connection stands. Default: 3 000. */
  readonly connectTimeoutMs?: number;
  /** Sockets to the manager at most. Default: 32. */
  readonly maxSockets?: number;
}

export interface ThalesConfig {
  readonly keyId: string;
  /** Undefined: the manager finds out by itself whether it is a name or an id. */
  readonly keyIdType: KeyIdType | undefined;
  readonly username: string;
  readonly password: string;
  /** Where the user lives. */
  readonly authDomain: string;
  /** Where the key lives. */
  readonly domain: string;
  /** Which directory knows the password. */
  readonly connection: string;
  readonly caCertificate: string | undefined;
  readonly manager: KmsAddress;
}

export const NAME = "thales";
export const ROOT_DOMAIN = "root";

const KEY_ID = { max: 512 };
const LINE = { max: 512, fromFile: true };
const PASSWORD = { max: 4_096, fromFile: true };

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member */
export function parseThalesOptions(options: ThalesKmsOptions): ThalesConfig {
  const { policy = new AddressPolicy() } = options;
  const path = new Members(NAME, "keyPath", options.keyPath);
  const keyId = path.text("keyId", KEY_ID);
  const keyIdType = readType(path);
  const serviceUrl = path.text("serviceUrl", { max: 300 });
  const credentials = new Members(NAME, "credentials", options.credentials);
  const authDomain = credentials.optionalText("authDomain", LINE) ?? ROOT_DOMAIN;
  return {
    keyId,
    keyIdType,
    username: credentials.text("username", LINE),
    password: credentials.text("password", PASSWORD),
    authDomain,
    domain: credentials.optionalText("domain", LINE) ?? authDomain,
    connection: credentials.optionalText("connection", LINE) ?? "local_account",
    caCertificate: readCertificates(credentials, "caCertificate"),
    manager: admit(serviceUrl, {}, { driver: NAME, member: "keyPath.serviceUrl", policy }),
  };
}

function readType(path: Members): KeyIdType | undefined {
  const text = path.optionalText("keyIdType");
  const type = KEY_ID_TYPES.find((known) => known === text);
  if (text === undefined || type !== undefined) return type;
  throw path.refuse("keyIdType", `must be one of ${KEY_ID_TYPES.join(", ")}`);
}
