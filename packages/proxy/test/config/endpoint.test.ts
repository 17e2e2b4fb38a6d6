import { describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load.ts";

function load(env: Readonly<Record<string, string>>) {
  return loadSettings({ API_KEY: "MDEyMzQ1Njc4OTAx", TSP_CONFIG_FILE: "tenants.yaml", ...env });
}

describe("endpoints instead of a vendor's own", () => {
  it.for([
    ["TSP_KMS_AWS_ENDPOINT", "http://127.0.0.1:4566", "aws"],
    ["TSP_KMS_AWS_STS_ENDPOINT", "https://sts.vpce.example.com/", "awsSts"],
    ["TSP_KMS_GCP_ENDPOINT", "https://[::1]:8443", "gcp"],
    ["TSP_KMS_GCP_TOKEN_ENDPOINT", "http://127.0.0.1:9/oauth2/v4/token", "gcpToken"],
    ["TSP_KMS_AZURE_AUTHORITY", "HTTPS://login.example.com", "azureAuthority"],
  ] as const)("%s can be %s", ([variable, text, member]) => {
    const { settings } = load({ [variable]: text });

    expect(settings?.kms.endpoints[member]).toBe(text.replace(/\/$/, ""));
  });

  it.for([
    "kms.example.com",
    "ftp://kms.example.com",
    "https://",
    "https://user@kms.example.com",
    "https://kms.example.com/path",
    "https://kms.example.com?query",
    "https://kms.example.com:0",
    "https://kms.example.com:70000",
    "https://kms.example.com.",
    "https://kms example.com",
    "https://kms.example.com\\evil",
    `https://${"a".repeat(300)}.example.com`,
  ])("%j is refused where a path means nothing", (text) => {
    expect(load({ TSP_KMS_GCP_ENDPOINT: text }).mistakes).toEqual([
      expect.stringContaining("expected an origin such as"),
    ]);
  });

  it.for(["https://oauth.example.com", "https://oauth.example.com/", "https://u@a.example/token"])(
    "%j is refused where a path is needed",
    (text) => {
      expect(load({ TSP_KMS_GCP_TOKEN_ENDPOINT: text }).mistakes).toEqual([
        expect.stringContaining("expected a URL with a path"),
      ]);
    },
  );

  it("are told to be readable on the way when they are plain HTTP", () => {
    const { warnings } = load({
      TSP_KMS_AWS_ENDPOINT: "http://127.0.0.1:4566",
      TSP_KMS_GCP_ENDPOINT: "https://kms.example.com",
      TSP_KMS_ALLOWED_HOSTS: "vault.example.com,http://10.0.0.1:8200",
    });

    expect(warnings).toEqual([
      expect.stringContaining("calls to http://10.0.0.1:8200, http://127.0.0.1:4566 are not"),
    ]);
  });
});
