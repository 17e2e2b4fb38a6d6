import { KMSClient } from "@aws-sdk/client-kms";
import { LocalstackContainer } from "@testcontainers/localstack";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { beforeAll } from "vitest";

export const REGION = "eu-central-1";
/** LocalStack accepts any pair; for MiniStack it is the account's root. */
export const ROOT = { accessKeyId: "test", secretAccessKey: "test" };

/** An AWS emulator for the tests of one suite. */
export interface Emulator {
  readonly host: () => string;
  readonly port: () => number;
  readonly origin: () => string;
  /** The vendor's own client, logged in as root. */
  readonly kms: () => KMSClient;
}

/** AWS semantics as the real ones, but any credentials will do. */
export function useLocalStack(): Emulator {
  return useEmulator(
    async () => await new LocalstackContainer("localstack/localstack:4").start(),
    4566,
  );
}

/** Checks credentials, signatures and policies, but not whether a ciphertext was changed. */
export function useMiniStack(): Emulator {
  const container = new GenericContainer("ministackorg/ministack:1.5.33")
    .withExposedPorts(4566)
    .withWaitStrategy(Wait.forLogMessage(/Ready/));
  return useEmulator(() => container.start(), 4566);
}

function useEmulator(start: () => Promise<StartedTestContainer>, inner: number): Emulator {
  let host = "";
  let port = 0;

  beforeAll(async () => {
    const container = await start();
    host = container.getHost();
    port = container.getMappedPort(inner);
    return async () => void (await container.stop());
  }, 120_000);

  const origin = () => `http://${host}:${port}`;
  const kms = () => new KMSClient({ region: REGION, endpoint: origin(), credentials: ROOT });
  return { host: () => host, port: () => port, origin, kms };
}
