import type { Command } from "./command.ts";
import { eventsTailCommand } from "./commands/events-tail.ts";
import { initCommand } from "./commands/init.ts";
import { inspectEdekCommand } from "./commands/inspect-edek.ts";

/** In the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [initCommand, inspectEdekCommand, eventsTailCommand];
