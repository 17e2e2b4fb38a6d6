import type { OptionSpecs } from "./arguments.ts";
import type { Command } from "./command.ts";

export const PROGRAM = "tenant-security-proxy";

const WIDTH = 88;

/** The list of all commands. */
export function programHelp(commands: readonly Command[]): string {
  return (
    `Makes, wraps and unwraps document encryption keys with each tenant's own KMS.\n\n` +
    `Usage: ${PROGRAM} COMMAND [options]\n\n` +
    `Commands:\n${commandTable(commands)}\n` +
    `\`${PROGRAM} COMMAND --help\` says everything about one command, \`--version\` prints the\n` +
    `version. Settings come from environment variables: docs/configuration.md lists them.\n`
  );
}

/** The commands of one group, such as `secrets`. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  return `Usage: ${PROGRAM} ${group} COMMAND [options]\n\nCommands:\n${commandTable(commands)}`;
}

/** Everything about one command. */
export function commandHelp(command: Command): string {
  const specs: OptionSpecs = { ...command.options, help: { help: "prints this text" } };
  const options = Object.entries(specs).map(
    ([name, { value, help }]) => [value ? `--${name} ${value}` : `--${name}`, help] as const,
  );
  const codes = Object.entries(command.exitCodes);
  return (
    `${usageLine(command)}\n\n${paragraphs(command.description)}\n\n` +
    `Options:\n${table(options)}\nExit codes:\n${table(codes)}`
  );
}

export function usageLine({ name, synopsis }: Command): string {
  return fold(`Usage: ${PROGRAM} ${name} ${synopsis}`.trimEnd(), WIDTH).join("\n         ");
}

function commandTable(commands: readonly Command[]): string {
  return table(commands.map(({ name, summary }) => [name, summary]));
}

/** Folds what is written as it fits the source; indented lines stay as they are. */
function paragraphs(text: string): string {
  return text
    .trim()
    .split("\n\n")
    .map((paragraph) =>
      paragraph.startsWith("  ")
        ? paragraph
        : fold(paragraph.replaceAll("\n", " "), WIDTH).join("\n"),
    )
    .join("\n\n");
}

/** Two columns, the second one folded. Every line ends with a line feed. */
function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows
    .map(([left, right]) => {
      const folded = fold(right, WIDTH - indent).join(`\n${" ".repeat(indent)}`);
      return `  ${left.padEnd(indent - 2)}${folded}\n`;
    })
    .join("");
}

function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
