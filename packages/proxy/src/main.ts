#!/usr/bin/env -S node --max-semi-space-size=8 --conditions=@tenant-security/source
import "./cli/first-process.ts";
import { EXIT } from "./cli/exit-code.ts";

// After that one has run: imports of a module are all loaded before the first of them runs.
const { runCli } = await import("./cli/cli.ts");
const { COMMANDS } = await import("./cli/commands.ts");
const { processTerminal } = await import("./cli/process-terminal.ts");

try {
  process.exitCode = await runCli(COMMANDS, process.argv.slice(2), processTerminal());
} catch (error) {
  console.error("tenant-security-proxy: an unexpected error, which should be reported:", error);
  process.exitCode = EXIT.software;
}
