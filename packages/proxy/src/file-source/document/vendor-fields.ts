import type { KmsType } from "../../tenants/tenant.ts";

/** What a member of `keyPath` or `credentials` looks like. */
export interface VendorField {
  readonly name: string;
  /**
   * `text`: in `credentials` also `{ fromFile }` or `{ fromEnv }`. `flag`: true or false.
   * `pairs`: an object of texts. `keys`: the key list of `LOCAL`. `unused`: accepted and ignored.
   */
  readonly kind: "text" | "flag" | "pairs" | "keys" | "unused";
  readonly required?: boolean;
  /** The only text that is accepted. */
  readonly only?: string;
  readonly about: string;
}

export interface VendorFields {
  readonly keyPath: readonly VendorField[];
  readonly credentials: readonly VendorField[];
  /** Sets of credential members of which exactly one has to be there, whole. */
  readonly oneOf?: readonly (readonly string[])[];
}

/** The members of every vendor: wire-protocol 5.1, and ours for `VAULT` and `LOCAL`. */
export const VENDOR_FIELDS: Readonly<Record<KmsType, VendorFields>> = {
  AWS: {
    keyPath: [
      {
        name: "keyID",
        kind: "text",
        required: true,
        about: "Key id, alias, key ARN or alias ARN.",
      },
      { name: "region", kind: "text", about: "May be left out when `keyID` is an ARN." },
      { name: "encryptionContext", kind: "pairs", about: "Bound into every ciphertext." },
    ],
    credentials: [
      { name: "accessKeyId", kind: "text", required: true, about: "Of an access key pair." },
      { name: "secretAccessKey", kind: "text", required: true, about: "Of an access key pair." },
      { name: "sessionToken", kind: "text", about: "Of temporary credentials." },
      { name: "roleArn", kind: "text", about: "Role to assume with the key pair." },
      { name: "externalId", kind: "text", about: "External id that the role asks for." },
    ],
  },
  GCP: {
    keyPath: [
      { name: "projectId", kind: "text", required: true, about: "Project of the key." },
      { name: "locationId", kind: "text", required: true, about: "Location of the key ring." },
      { name: "keyRingId", kind: "text", required: true, about: "Key ring." },
      { name: "cryptoKeyId", kind: "text", required: true, about: "Key." },
    ],
    credentials: [
      { name: "client_email", kind: "text", required: true, about: "Service account." },
      { name: "private_key", kind: "text", required: true, about: "Its RSA key, PEM." },
      { name: "type", kind: "text", only: "service_account", about: "Nothing else is accepted." },
      ...[
        "project_id",
        "private_key_id",
        "client_id",
        "auth_uri",
        "token_uri",
        "auth_provider_x509_cert_url",
        "client_x509_cert_url",
        "universe_domain",
      ].map((name): VendorField => ({ name, kind: "unused", about: "Of a service-account file." })),
    ],
  },
  AZURE: {
    keyPath: [
      { name: "keyName", kind: "text", required: true, about: "Key." },
      { name: "vaultBaseUrl", kind: "text", required: true, about: "Vault or managed HSM." },
      { name: "algorithm", kind: "text", about: "`RSA-OAEP-256` when left out, or `RSA-OAEP`." },
      { name: "cloud", kind: "text", about: "`public` when left out, `usgov` or `china`." },
    ],
    credentials: [
      { name: "clientId", kind: "text", required: true, about: "Application." },
      { name: "clientSecret", kind: "text", required: true, about: "Its secret." },
      { name: "tenantGuid", kind: "text", required: true, about: "Entra tenant." },
    ],
  },
  THALES: {
    keyPath: [
      { name: "keyId", kind: "text", required: true, about: "Key." },
      { name: "serviceUrl", kind: "text", required: true, about: "CipherTrust Manager." },
      {
        name: "keyIdType",
        kind: "text",
        about: "`id`, `name`, `uri` or `alias`; found out when left out.",
      },
    ],
    credentials: [
      { name: "username", kind: "text", required: true, about: "User." },
      { name: "password", kind: "text", required: true, about: "Password." },
      { name: "authDomain", kind: "text", about: "Domain of the user; `root` when left out." },
      { name: "domain", kind: "text", about: "Domain of the key; `authDomain` when left out." },
      { name: "connection", kind: "text", about: "`local_account` when left out." },
      { name: "caCertificate", kind: "text", about: "Certificate authority of the server, PEM." },
    ],
  },
  VAULT: {
    keyPath: [
      { name: "address", kind: "text", required: true, about: "Vault or OpenBao." },
      { name: "namespace", kind: "text", about: "Namespace." },
      { name: "mountPath", kind: "text", required: true, about: "Mount of the transit engine." },
      { name: "keyName", kind: "text", required: true, about: "Transit key." },
    ],
    credentials: [
      { name: "token", kind: "text", about: "A token." },
      { name: "roleId", kind: "text", about: "AppRole, together with `secretId`." },
      { name: "secretId", kind: "text", about: "AppRole." },
      { name: "jwt", kind: "text", about: "JWT login, together with `role`." },
      { name: "role", kind: "text", about: "JWT login." },
      { name: "authMountPath", kind: "text", about: "Mount of the login method." },
      { name: "caCertificate", kind: "text", about: "Certificate authority of the server, PEM." },
    ],
    oneOf: [["token"], ["roleId", "secretId"], ["jwt", "role"]],
  },
  LOCAL: {
    keyPath: [{ name: "keyName", kind: "text", required: true, about: "Name of the key." }],
    credentials: [
      {
        name: "keys",
        kind: "keys",
        required: true,
        about:
          "List of `{ version, key }`; a key is base64 of 32 bytes, in a file or a variable, " +
          "never in this file. The highest version wraps, all unwrap.",
      },
      { name: "disabled", kind: "flag", about: "Refuses everything, as a disabled key would." },
    ],
  },
};
