import { type EdekInspection, inspectEdek, type LeaseInspection } from "../../edek/inspect.ts";
import { ProxyError } from "../../errors.ts";
import type { Arguments } from "../arguments.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

/** Far more than any KMS writes. */
const MAX_INPUT_BYTES = 1_048_576;

export const inspectEdekCommand: Command = {
  name: "inspect-edek",
  summary: "shows what an EDEK says about itself, without any key",
  synopsis: "[--json | --ciphertext] EDEK",
  description: `
Shows which KMS configuration protects an EDEK, whether and how it is leased, and what is odd about
it. EDEK is base64 text as clients store it; \`-\` reads it from standard input. Needs no settings, no
configuration file and no network, and cannot tell whether the key can still be unwrapped.

With --ciphertext it prints, as base64, only what the tenant's KMS made: the vendor's own tool opens it,
as docs/recovery.md shows.`,
  options: {
    json: { help: "prints one JSON object" },
    ciphertext: { help: "prints the KMS's ciphertext alone, as base64" },
  },
  positionals: [1, 1],
  exitCodes: {
    0: "it is an EDEK and nothing is odd about it",
    1: "it is no EDEK, or it cannot be unwrapped as it is",
    64: "wrong arguments",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const [argument = ""] = args.positionals;
    const text = argument === "-" ? await terminal.readInput(MAX_INPUT_BYTES) : argument;
    const inspection = inspected(text.trim());
    terminal.print(rendered(inspection, args));
    return inspection.problems.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

function rendered(inspection: EdekInspection, args: Arguments): string {
  if (args.flag("ciphertext")) return `${inspection.kmsCiphertext ?? ""}\n`;
  return args.flag("json") ? `${JSON.stringify(inspection)}\n` : described(inspection);
}

function inspected(text: string): EdekInspection {
  try {
    return inspectEdek(text);
  } catch (error) {
    if (error instanceof ProxyError) throw new CliError(error.message, EXIT.failed);
    throw error;
  }
}

function described({ kmsConfigId, ciphertextBytes, lease, problems }: EdekInspection): string {
  const rows = [
    ["KMS configuration", kmsConfigId],
    ["wrapped by", lease === undefined ? "the KMS itself" : `leased key ${lease.id}`],
    ["ciphertext", `${ciphertextBytes} bytes`],
    ...(lease === undefined ? [] : describedLease(lease)),
    ...problems.map((problem) => ["problem", problem] as const),
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(20)}${value}\n`).join("");
}

function describedLease(lease: LeaseInspection): readonly (readonly [string, string])[] {
  const { cipher, bound, kmsConfigId, ciphertextBytes } = lease;
  const protection =
    kmsConfigId === undefined
      ? "cannot be read"
      : `KMS configuration ${kmsConfigId}, ${ciphertextBytes} bytes of ciphertext`;
  return [
    ["cipher", cipher],
    ["binding", bound ? "tenant, configuration and lease" : "none, as the original writes it"],
    ["leased key", protection],
  ];
}
