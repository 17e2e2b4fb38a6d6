import { setDefaultCACertificates } from "node:tls";
import { awsKms } from "../packages/kms-adapters/src/aws/index.ts";
import { AddressPolicy, Kms, type KmsDriver } from "../packages/kms-adapters/src/index.ts";
import { thalesKms } from "../packages/kms-adapters/src/thales/index.ts";
import { vaultKms } from "../packages/kms-adapters/src/vault/index.ts";
import { bareAws, bareThales, bareVault, type Caller, KEY } from "./lib/bare-kms.ts";
import type { KmsServer, KmsServers } from "./lib/kms-servers.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { median, rowOf, type Sample } from "./lib/statistics.ts";

const ROWS = ["kms-aws-overhead", "kms-vault-overhead", "kms-http-overhead"] as const;

type RowName = (typeof ROWS)[number];

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
 * Calls in a second, one after the other. Both take turns call by call, and of each the call in the
 * middle counts: what else this machine does at the time hits some calls of both and not others.
 */
async function rates(subject: Caller, bare: Caller, seconds: number): Promise<Sample> {
  const end = performance.now() + seconds * 2_000;
  const subjectTimes: number[] = [];
  const bareTimes: number[] = [];
  while (performance.now() < end) {
    bareTimes.push(await timeOf(bare));
    subjectTimes.push(await timeOf(subject));
  }
  return { value: 1_000 / median(subjectTimes), reference: 1_000 / median(bareTimes) };
}

/** Milliseconds of one call. */
async function timeOf(caller: Caller): Promise<number> {
  const started = performance.now();
  await caller.call();
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
