import { readFileSync } from "node:fs";
import type { SecretFile } from "../../../file-source/secrets/secret-file.ts";
import type { FileSecretStore } from "../../../file-source/secrets/secret-store.ts";
import type { Arguments } from "../../arguments.ts";
import { CliError } from "../../cli-error.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit-code.ts";
import { CONFIG_OPTION, settingsForTools } from "../../settings.ts";
import { explainSystemError } from "../../system-error.ts";
import type { Terminal } from "../../terminal.ts";

export const secretsImportCommand: Command = {
  name: "secrets import",
  summary: "takes tenant secrets over from another store, with their ids",
  synopsis: "FILE [--config FILE] [--json]",
  description: `
Takes tenant secrets over from a JSON array of objects with id, tenantId, secretType, secretPath,
rotationStatus (current, in-rotation or archived) and encryptedSecret, the secret as an EDEK in base64.
Do it before an application derives a key here: a path that has another secret already is refused.
Ids stay what they are, because documents name them. Nothing is stored while the file has a mistake;
running the same import again changes nothing. Asks no KMS.`,
  options: { ...CONFIG_OPTION, json: { help: "prints one JSON object a line" } },
  positionals: [1, 1],
  exitCodes: {
    0: "all of them are stored",
    1: "the file has mistakes, or the store refused",
    64: "wrong arguments",
    78: "wrong settings, or a configuration file that cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const [file = ""] = args.positionals;
    const text = readText(file);
    const { withToolbox } = await import("../../toolbox.ts");
    const { readForeignSecrets } = await import("../../foreign-secrets.ts");
    const { refused } = await import("../../wrapped-key.ts");
    const { shownSecrets } = await import("../../secret-table.ts");
    return withToolbox(settingsForTools(args, terminal), terminal, async ({ source, snapshot }) => {
      try {
        const { secrets } = await source.secrets.list();
        const { paths, mistakes } = readForeignSecrets(text, { snapshot, secrets });
        if (mistakes.length > 0) throw new CliError(mistakes, EXIT.failed);
        const imported = await adoptAll(source.secrets, paths);
        const all = paths.flat();
        terminal.print(shownSecrets(all, args.flag("json")));
        terminal.warn(`${imported} imported, ${all.length - imported} there already.\n`);
        return EXIT.ok;
      } catch (error) {
        throw refused(error);
      }
    });
  },
};

/** Gives how many secrets were not here before, counted by paths that were not complete. */
async function adoptAll(
  store: FileSecretStore,
  paths: readonly (readonly SecretFile[])[],
): Promise<number> {
  let imported = 0;
  for (const secrets of paths) {
    const [key] = secrets;
    if (key !== undefined && (await store.adopt(key, secrets))) imported += secrets.length;
  }
  return imported;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CliError(explainSystemError(cause), EXIT.failed, { cause });
  }
}
