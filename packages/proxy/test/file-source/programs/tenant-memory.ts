import { createFileSource } from "../../../src/file-source/source.ts";

/**
 * Loads a short configuration file, and then another one, and prints what the second takes in bytes
 * of the heap and of buffers. Needs `--expose-gc`.
 */
const [file = "", short = ""] = process.argv.slice(2);

async function used(): Promise<number> {
  // Buffers go in the turn after their objects.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const warm = createFileSource({ file: short, env: {} });
await warm.load(AbortSignal.timeout(60_000));
const before = await used();
const source = createFileSource({ file, env: {} });
const { tenants } = await source.load(AbortSignal.timeout(60_000));
const bytes = (await used()) - before;
process.stdout.write(
  JSON.stringify({ tenants: tenants.size, bytes, warm: warm.loaded !== undefined }),
);
