import type { LogLevel } from "./settings.ts";

/** Most verbose first. */
const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "silent"];

/** Rust's names and numbers. It has no `fatal`. */
const RUST_LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ["trace", "trace"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warn"],
  ["error", "error"],
  ["off", "silent"],
  ["5", "trace"],
  ["4", "debug"],
  ["3", "info"],
  ["2", "warn"],
  ["1", "error"],
  ["0", "silent"],
]);

/**
 * The level that a `RUST_LOG` text asks for: its directive without a target, the last one if
 * there are several; otherwise the most verbose of all, since this process has one log only.
 * `undefined` when no directive can be understood.
 */
export function parseRustLog(text: string): LogLevel | undefined {
  const directives = text.split(",").map((directive) => directive.trim());
  const global = directives.map(levelOf).findLast((level) => level !== undefined);
  if (global !== undefined) return global;

  const targeted = new Set(directives.map(targetLevelOf));
  return LEVELS.find((level) => targeted.has(level));
}

function levelOf(text: string): LogLevel | undefined {
  return RUST_LEVELS.get(text.toLowerCase());
}

/** The level of `target=level` or `target[span]=level`. */
function targetLevelOf(directive: string): LogLevel | undefined {
  const equals = directive.lastIndexOf("=");
  return equals > 0 ? levelOf(directive.slice(equals + 1).trim()) : undefined;
}
