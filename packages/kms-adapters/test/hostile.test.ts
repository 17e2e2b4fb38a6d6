import diagnostics from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { awsKms } from "../src/aws/index.ts";
import { azureKms } from "../src/azure/index.ts";
import { failure } from "../src/conformance/probes.ts";
import { AddressPolicy, Kms, type KmsDriver } from "../src/index.ts";
import { thalesKms } from "../src/thales/index.ts";
import { vaultKms } from "../src/vault/index.ts";

type Open = (origin: string, policy: AddressPolicy) => KmsDriver;

/** The drivers whose configuration names a host, by any way that a tenant has. */
const DRIVERS = {
  vault: (address, policy) =>
    vaultKms({
      keyPath: { address, mountPath: "transit", keyName: "k1" },
      credentials: { token: "t" },
      policy,
    }),
  thales: (serviceUrl, policy) =>
    thalesKms({
      keyPath: { serviceUrl, keyId: "k1" },
      credentials: { username: "u", password: "p" },
      policy,
    }),
  azure: (vaultBaseUrl, policy) =>
    azureKms({
      keyPath: { vaultBaseUrl, keyName: "k1" },
      credentials: {
        tenantGuid: "11111111-2222-3333-4444-555555555555",
        clientId: "11111111-2222-3333-4444-555555555555",
        clientSecret: "s",
      },
      policy,
    }),
  aws: (region, policy) =>
    awsKms({
      keyPath: { keyID: "alias/x", region },
      credentials: { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "s" },
      policy,
    }),
} as const satisfies Readonly<Record<string, Open>>;

const HOSTILE = [
  "http://127.0.0.1",
  "https://127.0.0.1",
  "https://127.1",
  "https://2130706433",
  "https://0x7f000001",
  "https://0177.0.0.1",
  "https://127.0.0.1.",
  "https://localhost",
  "https://LOCALHOST",
  "https://a.localhost",
  "https://[::1]",
  "https://[::ffff:127.0.0.1]",
  "https://[::ffff:7f00:1]",
  "https://[64:ff9b::7f00:1]",
  "https://[2002:7f00:1::]",
  "https://0.0.0.0",
  "https://[::]",
  "https://169.254.169.254",
  "https://[fd00:ec2::254]",
  "https://[fe80::1]",
  "https://168.63.129.16",
  "https://100.100.100.200",
  "https://10.0.0.1",
  "https://172.16.0.1",
  "https://192.168.0.1",
  "https://kms.example.com:22",
  "https://kms.example.com:65536",
  "https://kms.example.com/../admin",
  "https://kms.example.com?x",
  "https://kms.example.com#x",
  "https://u:p@kms.example.com",
  "https://kms.example.com@127.0.0.1",
  "https://kms.example.com\\@127.0.0.1",
  "https://kms.example.com\r\nhost: 127.0.0.1",
  "https://１２７.0.0.1",
  "file:///etc/passwd",
  "gopher://127.0.0.1",
  "//127.0.0.1",
  "us-east-1.evil.example",
  "x".repeat(1_048_576),
] as const;

describe.for(Object.entries(DRIVERS))("a hostile address for %s", ([, open]) => {
  it.for(HOSTILE)("is refused before any look-up and any socket: %.60j", (origin) => {
    const sockets = watchSockets();
    const policy = new AddressPolicy({ resolve: () => expect.unreachable("a look-up") });

    expect(() => open(origin, policy)).toThrow(
      expect.objectContaining({ code: "KMS_CONFIG_INVALID" }),
    );
    expect(sockets.made()).toBe(0);
  });
});

const NAMED: readonly (readonly [keyof typeof DRIVERS, string])[] = [
  ["vault", "https://vault.example.com:8200"],
  ["thales", "https://thales.example.com"],
  ["azure", "https://acme.vault.azure.net"],
  ["aws", "eu-central-1"],
];

describe.for(NAMED)("a name that leads inside, for %s", ([name, origin]) => {
  it.for([
    ["127.0.0.1"],
    ["::1"],
    ["169.254.169.254"],
    ["10.0.0.1"],
    ["8.8.8.8", "10.0.0.1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::a00:1"],
  ])("is never connected to: %j", async (addresses) => {
    const sockets = watchSockets();
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    const policy = new AddressPolicy({ resolve: async () => found });
    const kms = new Kms(DRIVERS[name](origin, policy));
    onTestFinished(() => kms.close());

    expect(await failure(kms.wrap(Buffer.alloc(32, 7)))).toBe("KMS_CONFIG_INVALID");
    expect(sockets.made()).toBeGreaterThan(0);
    expect(sockets.connected()).toBe(0);
  });
});

/** Sees every socket that this process makes as a client, whoever makes it. */
function watchSockets() {
  let made = 0;
  let connected = 0;
  const onSocket = (message: unknown): void => {
    made += 1;
    (message as { socket: Socket }).socket.on("connect", () => (connected += 1));
  };
  diagnostics.subscribe("net.client.socket", onSocket);
  onTestFinished(() => {
    diagnostics.unsubscribe("net.client.socket", onSocket);
  });
  return { made: () => made, connected: () => connected };
}
