import type { Command } from "./command.ts";
import { eventsTailCommand } from "./commands/events-tail.ts";
import { initCommand } from "./commands/init.ts";
import { inspectEdekCommand } from "./commands/inspect-edek.ts";
import { startCommand } from "./commands/start.ts";

/** In the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  startCommand,
  initCommand,
  inspectEdekCommand,
  eventsTailCommand,
];
