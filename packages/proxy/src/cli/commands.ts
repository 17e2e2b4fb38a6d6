import type { Command } from "./command.ts";
import { checkCommand } from "./commands/check.ts";
import { eventsTailCommand } from "./commands/events-tail.ts";
import { healthCommand } from "./commands/health.ts";
import { initCommand } from "./commands/init.ts";
import { inspectEdekCommand } from "./commands/inspect-edek.ts";
import { secretsArchiveCommand } from "./commands/secrets/archive.ts";
import { secretsCreateCommand } from "./commands/secrets/create.ts";
import { secretsImportCommand } from "./commands/secrets/import.ts";
import { secretsListCommand } from "./commands/secrets/list.ts";
import { secretsRotateCommand } from "./commands/secrets/rotate.ts";
import { startCommand } from "./commands/start.ts";
import { verifyCommand } from "./commands/verify.ts";

/** In the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  startCommand,
  checkCommand,
  verifyCommand,
  healthCommand,
  inspectEdekCommand,
  secretsListCommand,
  secretsCreateCommand,
  secretsRotateCommand,
  secretsArchiveCommand,
  secretsImportCommand,
  initCommand,
  eventsTailCommand,
];
