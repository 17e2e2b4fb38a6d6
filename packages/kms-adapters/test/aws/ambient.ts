import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ROLE } from "../fakes/aws.ts";

/** Everything that could lend the SDK an identity, an endpoint or a manner of its own. */
export function poison(origin: string): void {
  const folder = mkdtempSync(join(tmpdir(), "aws-"));
  const file = join(folder, "config");
  const lines = ["[default]", "aws_access_key_id = AKIAPOISON", "aws_secret_access_key = poison"];
  const endpoints = [`endpoint_url = ${origin}`, "max_attempts = 9", "use_fips_endpoint = true"];
  writeFileSync(file, [...lines, "region = us-west-2", ...endpoints, ""].join("\n"));
  const variables: Record<string, string> = {
    AWS_ACCESS_KEY_ID: "AKIAPOISON",
    AWS_CONFIG_FILE: file,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: origin,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: origin,
    AWS_ENDPOINT_URL: origin,
    AWS_ENDPOINT_URL_KMS: origin,
    AWS_ENDPOINT_URL_STS: origin,
    AWS_MAX_ATTEMPTS: "9",
    AWS_PROFILE: "default",
    AWS_REGION: "us-west-2",
    AWS_ROLE_ARN: ROLE,
    AWS_SECRET_ACCESS_KEY: "poison",
    AWS_SESSION_TOKEN: "poison",
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_USE_DUALSTACK_ENDPOINT: "true",
    AWS_USE_FIPS_ENDPOINT: "true",
    HTTPS_PROXY: origin,
    HTTP_PROXY: origin,
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  onTestFinished(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });
}
