import { onTestFinished } from "vitest";
import { type AwsKmsOptions, awsKms } from "../../src/aws/index.ts";
import { AddressPolicy, Kms, type KmsDriver } from "../../src/index.ts";
import { type FakeAws, type FakeAwsOptions, PAIR, startFakeAws } from "../fakes/aws.ts";

export const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/** A driver for a key of the fake. */
export function driverOf(aws: FakeAws, change: Partial<AwsKmsOptions> = {}): KmsDriver {
  const endpoint = `${aws.tls ? "https" : "http"}://localhost:${aws.port}`;
  const policy = new AddressPolicy({ allowedHosts: [endpoint.replace("https://", "")] });
  return awsKms({ keyPath: { keyID: KEY }, credentials: PAIR, policy, endpoint, ...change });
}

export interface StartedAws {
  readonly aws: FakeAws;
  readonly open: (change: Partial<AwsKmsOptions>) => Kms;
  readonly kms: Kms;
}

/** A fake for one test, and ways to open it. */
export async function start(options: FakeAwsOptions = {}): Promise<StartedAws> {
  const aws = await startFakeAws(options);
  onTestFinished(aws.close);
  const open = (change: Partial<AwsKmsOptions>): Kms => {
    const kms = new Kms(driverOf(aws, change));
    onTestFinished(() => kms.close());
    return kms;
  };
  return { aws, open, kms: open({}) };
}
