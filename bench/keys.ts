import { randomFillSync } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { localKms } from "../packages/kms-adapters/src/local/index.ts";
import { bindingText } from "../packages/proxy/src/edek/binding.ts";
import { LEASE_CIPHERS } from "../packages/proxy/src/edek/lease-ciphers.ts";
import { createKeyService, type RunningKeyService } from "../packages/proxy/src/keys/create.ts";
import { KmsPool } from "../packages/proxy/src/keys/kms-pool.ts";
import type { Call } from "../packages/proxy/src/keys/ports.ts";
import type { Snapshot } from "../packages/proxy/src/tenants/source.ts";
import { KMS_TYPES, type KmsConfiguration } from "../packages/proxy/src/tenants/tenant.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { table } from "./lib/table.ts";

const BATCH = 1_000;

/** Operations between two looks at the clock, and two breaths of the event loop. */
const SLICE = 500;

const ROWS = ["keys-leased-wrap", "keys-leased-unwrap", "keys-batch-1000"] as const;

type RowName = (typeof ROWS)[number];

/** What is measured: some operations, and how many they were. */
type Work = () => number | Promise<number>;

/**
 * The use cases alone, in this process and on one core: no HTTP, no events. The reference of each
 * row is its cipher alone, so that a ratio says what everything around the cipher costs.
 */
export const keysBenchmark: Benchmark = {
  rows: ROWS,

  async run(options) {
    const { rounds, seconds } = options;
    const rows = ROWS.filter((row) => options.wanted(row));
    if (rows.length === 0) return [];
    const prepared = await prepare();
    const samples = new Map<RowName, Sample[]>(rows.map((row) => [row, []]));
    try {
      // The first round warms up and is thrown away.
      for (let round = 0; round <= rounds; round += 1) {
        for (const row of rows) {
          const { work, reference } = prepared.works[row];
          const sample = {
            reference: await rate(reference, seconds),
            value: await rate(work, seconds),
          };
          if (round > 0) samples.get(row)?.push(sample);
        }
      }
    } finally {
      await prepared.close();
    }
    return rows.map((row) => rowOf(row, "keys/s", samples.get(row) ?? []));
  },
};

interface Prepared {
  readonly works: Readonly<Record<RowName, { readonly work: Work; readonly reference: Work }>>;
  close(): Promise<void>;
}

async function prepare(): Promise<Prepared> {
  const { service, close } = createService();
  const { edek } = await service.wrap(CALL);
  const text = edek.toString("base64");
  const ids = Array.from({ length: BATCH }, (_, index) => `document-${index}`);
  const { seal, open } = cipherAlone();
  return {
    works: {
      "keys-leased-wrap": { work: slice(() => service.wrap(CALL)), reference: slice(seal) },
      "keys-leased-unwrap": {
        work: slice(() => service.unwrap(CALL, text)),
        reference: slice(open),
      },
      "keys-batch-1000": {
        work: async () => (await service.batchWrap(CALL, ids)).size,
        reference: slice(seal),
      },
    },
    close,
  };
}

function slice(operation: () => unknown): Work {
  return () => {
    for (let index = 0; index < SLICE; index += 1) operation();
    return SLICE;
  };
}

/** Operations in a second of the clock. */
async function rate(work: Work, seconds: number): Promise<number> {
  const started = performance.now();
  const end = started + seconds * 1_000;
  let done = 0;
  while (performance.now() < end) {
    done += await work();
    await nextTurn();
  }
  return (done * 1_000) / (performance.now() - started);
}

/** Sealing and opening a key, with nothing around it. */
function cipherAlone(): { seal: () => void; open: () => void } {
  const cipher = LEASE_CIPHERS["xchacha20-poly1305"];
  const [key, dek, sealed] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(48)];
  const iv = randomFillSync(Buffer.alloc(cipher.ivBytes));
  const binding = bindingText(CALL.tenantId, 1, 1);
  cipher.seal(sealed, key, dek, iv, binding);
  return {
    seal: () => cipher.seal(sealed, key, dek, iv, binding),
    open: () => void cipher.open(dek, key, sealed, iv, binding),
  };
}

const CALL: Call = {
  tenantId: "tenant",
  rayId: "0123456789abcdef",
  iclFields: { requestingId: "benchmark" },
  customFields: {},
  signal: new AbortController().signal,
  abandoned: false,
};

function createService(): { service: RunningKeyService; close: () => Promise<void> } {
  const kms = new KmsPool({
    drivers: Object.fromEntries(KMS_TYPES.map((type) => [type, createDriver])) as never,
    timeoutMs: 5_000,
    concurrency: 64,
    queueSize: 1_000,
    clientCacheSize: 10,
    maxConcurrent: 256,
  });
  const service = createKeyService({
    tenants: { current: () => SNAPSHOT },
    secretStore: { find: async () => [], create: () => Promise.reject(new Error("no secrets")) },
    kms,
    events: { admit() {}, record() {} },
    counter: { count() {}, lookedUp() {} },
    settings: {
      binding: "tenant",
      leaseCipher: "xchacha20-poly1305",
      leaseMaxAgeMs: 86_400_000,
      leaseMaxWraps: 2 ** 30,
      leaseCacheSize: 1_000,
      secretCacheSize: 100,
    },
  });
  const close = async (): Promise<void> => {
    await service.close();
    await kms.close();
  };
  return { service, close };
}

async function createDriver() {
  return localKms({ keyName: "benchmark", keys: [{ version: 1, key: Buffer.alloc(32, 7) }] });
}

const CONFIGURATION: KmsConfiguration = {
  usable: true,
  id: 1,
  type: "LOCAL",
  keyPath: {},
  leasingAllowed: true,
  fingerprint: "benchmark",
  openCredentials: async () => ({}),
};

const SNAPSHOT: Snapshot = {
  tenants: new Map([
    [
      CALL.tenantId,
      {
        id: CALL.tenantId,
        keyLeasingRequired: false,
        assignments: [{ configuration: CONFIGURATION, active: true, primary: true }],
      },
    ],
  ]),
  problems: [],
  unusable: 0,
  configuration: () => CONFIGURATION,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const options: RunOptions = {
    rounds: 5,
    seconds: 1,
    cpus: { server: undefined, load: undefined },
    wanted: () => true,
  };
  process.stdout.write(`${table(await keysBenchmark.run(options))}\n`);
}
