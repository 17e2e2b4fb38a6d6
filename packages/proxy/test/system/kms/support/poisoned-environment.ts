import type { DataFolder } from "@tenant-security/testkit";
import { generateKeyPairSync } from "node:crypto";

export interface PoisonedEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Texts of which none may ever be sent. */
  readonly secrets: readonly string[];
  /** A file that exists when one of the programs was run that the environment offers. */
  readonly marker: string;
}

/**
 * Every way in which the vendors' SDKs and tools let an environment choose credentials, endpoints,
 * proxies and metadata services; all of them lead to `port` of this machine.
 */
export function poisonedEnvironment(folder: DataFolder, port: number): PoisonedEnvironment {
  const url = `http://127.0.0.1:${port}`;
  const marker = folder.file("stolen");
  return {
    marker,
    secrets: ["AKIAPOISON", "poisoned", "hvs.poison", "poison@"],
    env: {
      ...amazon(folder, url, marker),
      ...google(folder, port, url),
      ...microsoft(folder, url),
      ...hashicorp(url),
      ...proxies(url),
      HOME: folder.path,
      USERPROFILE: folder.path,
    },
  };
}

function amazon(folder: DataFolder, url: string, marker: string): Record<string, string> {
  const profile = [
    "[default]",
    "aws_access_key_id = AKIAPOISONFILE",
    "aws_secret_access_key = poisoned-file-secret",
    `endpoint_url = ${url}`,
    "region = eu-west-1",
    "",
    "[profile process]",
    `credential_process = touch ${marker}`,
  ].join("\n");
  return {
    AWS_ACCESS_KEY_ID: "AKIAPOISON",
    AWS_SECRET_ACCESS_KEY: "poisoned-secret",
    AWS_SESSION_TOKEN: "poisoned-session",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_PROFILE: "process",
    AWS_SDK_LOAD_CONFIG: "1",
    AWS_CONFIG_FILE: folder.write("aws-config", profile),
    AWS_SHARED_CREDENTIALS_FILE: folder.write("aws-credentials", profile),
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_KMS: url,
    AWS_ENDPOINT_URL_STS: url,
    AWS_USE_FIPS_ENDPOINT: "true",
    AWS_USE_DUALSTACK_ENDPOINT: "true",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "poisoned-token",
    AWS_WEB_IDENTITY_TOKEN_FILE: folder.write("aws-web-identity", "poisoned-identity"),
    AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/poisoned",
    AWS_MAX_ATTEMPTS: "9",
    AWS_AUTH_SCHEME_PREFERENCE: "httpBearerAuth",
    AWS_BEARER_TOKEN_KMS: "poisoned-bearer",
    AWS_SDK_UA_APP_ID: "poisoned-agent",
  };
}

function google(folder: DataFolder, port: number, url: string): Record<string, string> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const account = {
    type: "service_account",
    client_email: "poison@evil.iam.gserviceaccount.com",
    private_key: privateKey,
    token_uri: `${url}/token`,
  };
  return {
    GOOGLE_APPLICATION_CREDENTIALS: folder.write("google.json", JSON.stringify(account)),
    GOOGLE_CLOUD_PROJECT: "poisoned-project",
    GOOGLE_CLOUD_UNIVERSE_DOMAIN: `127.0.0.1:${port}`,
    GCLOUD_PROJECT: "poisoned-project",
    GCE_METADATA_HOST: `127.0.0.1:${port}`,
    GCE_METADATA_IP: "127.0.0.1",
    METADATA_SERVER_DETECTION: "assume-present",
    CLOUDSDK_CONFIG: folder.path,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${url}/`,
    KMS_EMULATOR_HOST: `127.0.0.1:${port}`,
  };
}

function microsoft(folder: DataFolder, url: string): Record<string, string> {
  return {
    AZURE_TENANT_ID: "00000000-0000-4000-8000-00000000dead",
    AZURE_CLIENT_ID: "00000000-0000-4000-8000-00000000beef",
    AZURE_CLIENT_SECRET: "poisoned-client-secret",
    AZURE_CLIENT_CERTIFICATE_PATH: folder.write("azure.pem", "poisoned-certificate"),
    AZURE_FEDERATED_TOKEN_FILE: folder.write("azure-token", "poisoned-federation"),
    AZURE_USERNAME: "poison@evil.example",
    AZURE_PASSWORD: "poisoned-password",
    AZURE_AUTHORITY_HOST: url,
    AZURE_REGIONAL_AUTHORITY_NAME: "westeurope",
    IDENTITY_ENDPOINT: `${url}/identity`,
    IDENTITY_HEADER: "poisoned-header",
    MSI_ENDPOINT: `${url}/msi`,
    MSI_SECRET: "poisoned-msi",
    IMDS_ENDPOINT: url,
  };
}

function hashicorp(url: string): Record<string, string> {
  return {
    VAULT_ADDR: url,
    VAULT_TOKEN: "hvs.poison",
    VAULT_NAMESPACE: "poisoned-namespace",
    VAULT_ROLE_ID: "poisoned-role",
    VAULT_SECRET_ID: "poisoned-secret-id",
    VAULT_PROXY_ADDR: url,
    VAULT_HTTP_PROXY: url,
    VAULT_AGENT_ADDR: url,
    BAO_ADDR: url,
    BAO_TOKEN: "hvs.poison",
    CIPHERTRUST_ADDRESS: url,
    CIPHERTRUST_PASSWORD: "poisoned-thales",
  };
}

function proxies(url: string): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const both = [...names, ...names.map((name) => name.toLowerCase())];
  return {
    ...Object.fromEntries(both.map((name) => [name, url])),
    NO_PROXY: "",
    // Makes Node's own clients use a proxy.
    NODE_USE_ENV_PROXY: "1",
  };
}
