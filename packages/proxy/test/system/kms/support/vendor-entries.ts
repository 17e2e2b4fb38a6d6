import { generateKeyPairSync } from "node:crypto";

type Members = Readonly<Record<string, unknown>>;

/** What stands in the configuration file of one KMS configuration, beside its id. */
export interface Entry {
  readonly type: string;
  readonly keyPath: unknown;
  readonly credentials: unknown;
}

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2_048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** Configurations with nothing wrong about them, each with changes. An undefined member is absent. */
export const aws = (keyPath: Members = {}, credentials: Members = {}): Entry => ({
  type: "AWS",
  keyPath: { keyID: "alias/documents", region: "us-east-1", ...keyPath },
  credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a-secret", ...credentials },
});

export const gcp = (keyPath: Members = {}, credentials: Members = {}): Entry => ({
  type: "GCP",
  keyPath: {
    projectId: "acme",
    locationId: "global",
    keyRingId: "saas",
    cryptoKeyId: "documents",
    ...keyPath,
  },
  credentials: {
    client_email: "tsp@acme.iam.gserviceaccount.com",
    private_key: privateKey,
    ...credentials,
  },
});

export const azure = (keyPath: Members = {}, credentials: Members = {}): Entry => ({
  type: "AZURE",
  keyPath: { vaultBaseUrl: "https://acme.vault.azure.net", keyName: "documents", ...keyPath },
  credentials: {
    tenantGuid: "72f988bf-86f1-41af-91ab-2d7cd011db47",
    clientId: "3f2a7c1e-0000-4000-8000-000000000001",
    clientSecret: "a-secret",
    ...credentials,
  },
});

export const thales = (keyPath: Members = {}, credentials: Members = {}): Entry => ({
  type: "THALES",
  keyPath: { serviceUrl: "https://cm.example.com", keyId: "documents", ...keyPath },
  credentials: { username: "tsp", password: "a-password", ...credentials },
});

export const vault = (keyPath: Members = {}, credentials: Members = {}): Entry => ({
  type: "VAULT",
  keyPath: {
    address: "https://vault.example.com",
    mountPath: "transit",
    keyName: "documents",
    ...keyPath,
  },
  credentials: { token: "hvs.a-token", ...credentials },
});

/** A Vault with a different way to log in. */
export const vaultBy = (credentials: Members): Entry =>
  vault({}, { token: undefined, ...credentials });
