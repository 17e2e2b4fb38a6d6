import { randomBytes } from "node:crypto";
import { setDefaultCACertificates } from "node:tls";
import { EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { Pool } from "undici";
import { awsKms } from "../packages/kms-adapters/src/aws/index.ts";
import { AddressPolicy, Kms, type KmsDriver } from "../packages/kms-adapters/src/index.ts";
import { thalesKms } from "../packages/kms-adapters/src/thales/index.ts";
import { vaultKms } from "../packages/kms-adapters/src/vault/index.ts";
import type { KmsServer, KmsServers } from "./lib/kms-servers.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";

const ROWS = ["kms-aws-overhead", "kms-vault-overhead", "kms-http-overhead"] as const;

type RowName = (typeof ROWS)[number];

/** One wrap, and what ends with it. */
interface Caller {
  call(): Promise<unknown>;
  close(): Promise<void>;
}

const KEY = randomBytes(48);
const TURN = 20;
const JSON_TYPE = { "content-type": "application/json", accept: "application/json" };

/**
 * `Kms` and driver beside the bare call that they make, to the same server over TLS, one at a time:
 * for AWS the vendor's SDK, for Vault and the REST drivers (CipherTrust Manager stands for them) undici.
 */
export const kmsBenchmark: Benchmark = {
  rows: ROWS,

  async run(options: RunOptions) {
    const rows = ROWS.filter((row) => options.wanted(row));
    if (rows.length === 0) return [];
    const servers = new Servers(options.cpus);
    const callers: Caller[] = [];
    try {
      const { kms, certificate } = await servers.kms();
      setDefaultCACertificates([certificate]);
      const pairs = await Promise.all(rows.map(async (row) => pairOf(row, kms)));
      callers.push(...pairs.flat());
      const samples = rows.map((): Sample[] => []);
      // The first round warms up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        for (const [index, [subject, bare]] of pairs.entries()) {
          const sample = await rates(subject, bare, options.seconds);
          if (round > 0) samples[index]?.push(sample);
        }
      }
      return rows.map((row, index) => rowOf(row, "calls/s", samples[index] ?? []));
    } finally {
      for (const caller of callers) await caller.close();
      await servers.close();
    }
  },
};

async function pairOf(row: RowName, kms: KmsServers): Promise<readonly [Caller, Caller]> {
  if (row === "kms-aws-overhead") return [driver(awsDriver(kms.aws)), bareAws(kms.aws)];
  if (row === "kms-vault-overhead") return [driver(vaultDriver(kms.vault)), bareVault(kms.vault)];
  return [driver(thalesDriver(kms.thales)), await bareThales(kms.thales)];
}

/**
 * Calls in a second, one after the other. Both take turns of a few milliseconds: what else this
 * machine does at the time slows both alike.
 */
async function rates(subject: Caller, bare: Caller, seconds: number): Promise<Sample> {
  const spent = { subject: 0, bare: 0 };
  let calls = 0;
  for (; spent.subject + spent.bare < seconds * 2_000; calls += TURN) {
    spent.bare += await turn(bare);
    spent.subject += await turn(subject);
  }
  return { value: (calls * 1_000) / spent.subject, reference: (calls * 1_000) / spent.bare };
}

/** Milliseconds of one turn. */
async function turn(caller: Caller): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < TURN; index += 1) await caller.call();
  return performance.now() - started;
}

function driver(vendor: KmsDriver): Caller {
  const kms = new Kms(vendor);
  return { call: () => kms.wrap(KEY), close: () => kms.close() };
}

function policyFor({ origin }: KmsServer): AddressPolicy {
  return new AddressPolicy({ allowedHosts: [new URL(origin).host] });
}

function awsDriver(server: KmsServer): KmsDriver {
  const { keyPath, credentials, origin: endpoint } = server;
  return awsKms({ keyPath, credentials, endpoint, policy: policyFor(server) });
}

function vaultDriver(server: KmsServer): KmsDriver {
  return vaultKms({ ...server, policy: policyFor(server) });
}

function thalesDriver(server: KmsServer): KmsDriver {
  return thalesKms({ ...server, policy: policyFor(server) });
}

function bareAws({ origin, keyPath, credentials }: KmsServer): Caller {
  const client = new KMSClient({
    region: String(keyPath["region"]),
    endpoint: origin,
    credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  });
  const input = { KeyId: String(keyPath["keyID"]), Plaintext: KEY, EncryptionContext: {} };
  return {
    call: () => client.send(new EncryptCommand(input)),
    close: async () => client.destroy(),
  };
}

function bareVault({ origin, credentials }: KmsServer): Caller {
  const headers = { ...JSON_TYPE, "x-vault-token": String(credentials["token"]) };
  return bareHttps(origin, "/v1/transit/encrypt/documents", headers, {
    plaintext: KEY.toString("base64"),
  });
}

async function bareThales({ origin, keyPath, credentials }: KmsServer): Promise<Caller> {
  const { username, password } = credentials;
  const login = bareHttps(origin, "/api/v1/auth/tokens", JSON_TYPE, {
    grant_type: "password",
    username,
    password,
  });
  const { jwt } = (await login.call()) as { jwt: string };
  await login.close();
  const headers = { ...JSON_TYPE, authorization: `Bearer ${jwt}` };
  return bareHttps(origin, "/api/v1/crypto/encrypt", headers, {
    id: keyPath["keyId"],
    plaintext: KEY.toString("base64"),
    mode: "gcm",
  });
}

/** A request over TLS whose answer is parsed, and nothing more. */
function bareHttps(
  origin: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  content: object,
): Caller {
  const pool = new Pool(origin, { connections: 1 });
  return {
    async call() {
      const body = JSON.stringify(content);
      const answer = await pool.request({ method: "POST", path, headers, body });
      if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`);
      return answer.body.json();
    },
    close: () => pool.close(),
  };
}
