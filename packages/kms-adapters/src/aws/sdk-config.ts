import type { KMSClientConfig } from "@aws-sdk/client-kms";
import type { AwsKeyPair } from "./options.ts";

type SharedConfig = Pick<
  KMSClientConfig,
  | "authSchemePreference"
  | "credentials"
  | "defaultsMode"
  | "endpoint"
  | "maxAttempts"
  | "region"
  | "retryMode"
  | "useDualstackEndpoint"
  | "useFipsEndpoint"
  | "userAgentAppId"
>;

/**
 * Everything an SDK client would otherwise look up in environment, shared files and metadata
 * services. A member left out here is a way for ambient settings to get in.
 */
export function sdkConfig(region: string, origin: string, credentials: AwsKeyPair): SharedConfig {
  return {
    authSchemePreference: ["aws.auth#sigv4"],
    credentials,
    defaultsMode: "standard",
    endpoint: origin,
    maxAttempts: 1,
    region,
    retryMode: "standard",
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: "tenant-security",
  };
}
