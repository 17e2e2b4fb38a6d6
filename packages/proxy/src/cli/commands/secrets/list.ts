import type { SecretFilter } from "../../../file-source/secrets/secret-reader.ts";
import type { Arguments } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit-code.ts";
import { SECRET_OPTIONS, secretTypeOf } from "../../secret-options.ts";
import { CONFIG_OPTION } from "../../settings.ts";
import type { Terminal } from "../../terminal.ts";

export const secretsListCommand: Command = {
  name: "secrets list",
  summary: "lists tenant secrets with their rotation status",
  synopsis: "[--tenant ID] [--type TYPE] [--path PATH] [--config FILE] [--json]",
  description: `
Lists the secrets that keys are derived from, archived ones too. They are stored in the folder
\`tenant-secrets\` beside the configuration file, each wrapped by its tenant's KMS. Shows no secret, wrapped
or not, and asks no KMS.`,
  options: {
    ...SECRET_OPTIONS,
    ...CONFIG_OPTION,
    json: { help: "prints one JSON object a line" },
  },
  exitCodes: {
    0: "listed",
    1: "a file of the store is damaged, or the store cannot be read",
    64: "wrong arguments",
    78: "wrong settings",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const { secretStoreOf } = await import("../../secret-store-of.ts");
    const { refused } = await import("../../wrapped-key.ts");
    const { shownSecrets } = await import("../../secret-table.ts");
    const filter = filterOf(args);
    const store = secretStoreOf(args, terminal);
    const { secrets, problems } = await store.list(filter).catch((error: unknown) => {
      throw refused(error);
    });
    terminal.print(shownSecrets(secrets, args.flag("json")));
    for (const problem of problems) terminal.warn(`${problem}\n`);
    terminal.warn(`${secrets.length} secret${secrets.length === 1 ? "" : "s"}.\n`);
    return problems.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

function filterOf(args: Arguments): SecretFilter {
  const [tenantId, secretPath] = [args.text("tenant"), args.text("path")];
  const secretType = secretTypeOf(args);
  return {
    ...(tenantId !== undefined && { tenantId }),
    ...(secretType !== undefined && { secretType }),
    ...(secretPath !== undefined && { secretPath }),
  };
}
