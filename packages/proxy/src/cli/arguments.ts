import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./cli-error.ts";

export interface OptionSpec {
  /** What the value stands for, in capitals; a flag has none. */
  readonly value?: string;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** A command line that was understood. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[] = []) {
    this.#values = values;
    this.positionals = positionals;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** @throws UsageError when the option was left out or is empty */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw new UsageError(`--${name} is missing`);
    return value;
  }

  /** Undefined when it was left out. @throws UsageError when it is none of `choices` */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`--${name} is "${value}" and must be one of ${choices.join(", ")}`);
  }
}

export interface Syntax {
  readonly options: OptionSpecs;
  readonly positionals?: readonly [least: number, most: number];
}

/** @throws UsageError naming what is unknown, missing or too much */
export function parseArguments(syntax: Syntax, args: readonly string[]): Arguments {
  const { values, positionals } = parse(syntax, args);
  const [least, most] = syntax.positionals ?? [0, 0];
  if (positionals.length > most) {
    throw new UsageError(`unexpected argument "${positionals[most]}"`);
  }
  if (positionals.length < least) throw new UsageError("an argument is missing");
  return new Arguments(values, positionals);
}

function parse(syntax: Syntax, args: readonly string[]) {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { value }] of Object.entries(syntax.options)) {
    options[name] = { type: value === undefined ? "boolean" : "string" };
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // parseArgs explains itself over several sentences; the first says what is wrong.
    const [first = "wrong arguments"] = error instanceof Error ? error.message.split(". ") : [];
    throw new UsageError(first);
  }
}
