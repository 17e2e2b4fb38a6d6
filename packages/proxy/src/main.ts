#!/usr/bin/env -S node --conditions=@tenant-security/source
import { runCli } from "./cli/cli.ts";
import { COMMANDS } from "./cli/commands.ts";
import { processTerminal } from "./cli/process-terminal.ts";

process.exitCode = await runCli(COMMANDS, process.argv.slice(2), processTerminal());
