#!/usr/bin/env node
// What `npm start`, `npm test` and `npm run bench` call. Plain JavaScript without dependencies,
// because it runs on whatever Node the machine has, before anything is installed.
import { SetupError } from "./lib/setup-error.mjs";
import { prepare } from "./lib/toolchain.mjs";
import { runChild } from "./lib/child.mjs";

const CONDITION = "--conditions=@tenant-security/source";
// As in the program's first line; docs/decisions/young-generation.md says why.
const YOUNG_GENERATION = "--max-semi-space-size=8";
const EX_USAGE = 64;
const PROXY = "packages/proxy/src/main.ts";

/** Command → what the prepared workspace runs. */
const COMMANDS = {
  start: ({ node }, args) => [
    node,
    YOUNG_GENERATION,
    CONDITION,
    PROXY,
    "start",
    ...startOptions(),
    ...args,
  ],
  test: ({ node }, args) => [node, "node_modules/vitest/vitest.mjs", "run", ...args],
  bench: ({ node }, args) => [node, CONDITION, "bench/index.ts", ...args],
  // Any other tool of the workspace, with its Node and its pnpm first on the path.
  exec: (_tools, args) => args,
};

async function main([name = "", ...args]) {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || (name === "exec" && args.length === 0)) {
    const names = Object.keys(COMMANDS).join("|");
    throw new SetupError(`usage: node scripts/run.mjs ${names} [arguments]`, EX_USAGE);
  }
  const tools = await prepare();
  const [program, ...rest] = command(tools, args);
  const options = { cwd: tools.root, env: environment(tools), tether: name === "start" };
  const { exitCode } = await runChild(program, rest, options);
  return exitCode;
}

function startOptions() {
  const { API_KEY, TSP_CONFIG_FILE, TSP_DEMO_DIR } = process.env;
  // As everywhere, an empty variable counts as not set.
  return API_KEY && TSP_CONFIG_FILE ? ["--hints"] : ["--demo", TSP_DEMO_DIR || "demo-data"];
}

function environment({ path }) {
  // The folder is this script's own setting; the proxy would warn about an unknown name.
  const { TSP_DEMO_DIR: _, ...env } = process.env;
  return { TURBO_TELEMETRY_DISABLED: "1", ...env, PATH: path };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`tenant-security: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
