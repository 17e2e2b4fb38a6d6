#!/usr/bin/env -S node --max-semi-space-size=8 --conditions=@tenant-security/source
import { runCli } from "./cli/cli.ts";
import { COMMANDS } from "./cli/commands.ts";
import { EXIT } from "./cli/exit-code.ts";
import { processTerminal } from "./cli/process-terminal.ts";

try {
  process.exitCode = await runCli(COMMANDS, process.argv.slice(2), processTerminal());
} catch (error) {
  console.error("tenant-security-proxy: an unexpected error, which should be reported:", error);
  process.exitCode = EXIT.software;
}
