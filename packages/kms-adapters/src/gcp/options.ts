import { createPrivateKey, type KeyObject } from "node:crypto";
import { AddressPolicy, type KmsAddress } from "../http/address-policy.ts";
import { configInvalid, Members } from "../members.ts";
import { admit } from "../rest/admit.ts";

/** A configuration as tenant files hold it (wire-protocol 5.1), and what the operator decides. */
export interface GcpKmsOptions {
  /** `{ projectId, locationId, keyRingId, cryptoKeyId }` */
  readonly keyPath: unknown;
  /** `{ client_email, private_key }` of a service-account key file; the whole file will do. */
  readonly credentials: unknown;
  /** Which addresses are allowed. Default: Google's own, nothing private. */
  readonly policy?: AddressPolicy;
  /** Milliseconds until a connection stands. Default: 3 000. */
  readonly connectTimeoutMs?: number;
  /** Sockets to Cloud KMS at most. Default: 32. */
  readonly maxSockets?: number;
  /** For the operator only: origin of an emulator. Default: `https://cloudkms.googleapis.com`. */
  readonly endpoint?: string;
  /** For the operator only. Default: `https://oauth2.googleapis.com/token`. */
  readonly tokenEndpoint?: string;
  /** For the operator only: PEM of the authorities to trust instead of the public ones. */
  readonly caCertificate?: string;
}

export interface GcpConfig {
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…` */
  readonly keyName: string;
  readonly email: string;
  readonly privateKey: KeyObject;
  readonly kms: KmsAddress;
  readonly tokens: KmsAddress;
  readonly tokenPath: string;
}

export const NAME = "gcp";

const KMS = "https://cloudkms.googleapis.com";
const TOKENS = "https://oauth2.googleapis.com/token";
const RULES = { suffixes: [".googleapis.com"] };

const ID = { max: 63, pattern: /^[a-zA-Z0-9_-]+$/, form: "letters, digits, - and _" };
const PROJECT = {
  max: 128,
  // Old projects of a company carry its domain in front: `example.com:my-project`.
  pattern: /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-zA-Z0-9_-]+$/,
  form: "a project id or number",
};
const EMAIL = {
  max: 320,
  pattern: /^[^\s@]+@[^\s@]+$/,
  form: "an e-mail address",
  fromFile: true,
};
const PEM = { max: 16_384, multiline: true };
const MIN_RSA_BITS = 2_048;

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member */
export function parseGcpOptions(options: GcpKmsOptions): GcpConfig {
  const { policy = new AddressPolicy(), endpoint = KMS, tokenEndpoint = TOKENS } = options;
  const path = new Members(NAME, "keyPath", options.keyPath);
  const project = path.text("projectId", PROJECT);
  const location = path.text("locationId", ID);
  const ring = path.text("keyRingId", ID);
  const key = path.text("cryptoKeyId", ID);
  const account = parseCredentials(options.credentials);
  const { origin, path: tokenPath } = splitUrl(tokenEndpoint);
  return {
    ...account,
    keyName: `projects/${project}/locations/${location}/keyRings/${ring}/cryptoKeys/${key}`,
    kms: admit(endpoint, RULES, { driver: NAME, member: "endpoint", policy }),
    tokens: admit(origin, RULES, { driver: NAME, member: "tokenEndpoint", policy }),
    tokenPath,
  };
}

/**
 * Takes two members of a key file. The others say where to send the key and whom to become; a file
 * of another type is made of nothing else, and is refused.
 */
function parseCredentials(record: unknown): Pick<GcpConfig, "email" | "privateKey"> {
  const members = new Members(NAME, "credentials", record);
  const type = members.raw("type");
  if (type !== undefined && type !== "service_account") {
    throw members.refuse("type", "must be service_account");
  }
  const email = members.text("client_email", EMAIL);
  const pem = members.text("private_key", PEM);
  const privateKey = parsePrivateKey(pem);
  if (privateKey === undefined) {
    throw members.refuse("private_key", "must be a PEM text of an RSA key of 2048 bits or more");
  }
  return { email, privateKey };
}

function parsePrivateKey(text: string): KeyObject | undefined {
  // Environment variables often hold the file with its line breaks escaped.
  const pem = text.includes("\n") ? text : text.replaceAll(String.raw`\n`, "\n");
  try {
    const key = createPrivateKey(pem);
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    return key.asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS ? key : undefined;
  } catch {
    return undefined;
  }
}

function splitUrl(url: string): { origin: string; path: string } {
  const { origin, path } =
    /^(?<origin>https?:\/\/[^/?#]+)(?<path>\/[\w./-]*)$/i.exec(url)?.groups ?? {};
  if (origin === undefined || path === undefined) {
    throw configInvalid(NAME, "tokenEndpoint must be a URL with a path");
  }
  return { origin, path };
}
