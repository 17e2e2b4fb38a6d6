import type { Arguments } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit-code.ts";
import { SECRET_OPTIONS, SECRET_SYNOPSIS, secretKeyOf } from "../../secret-options.ts";
import { CONFIG_OPTION } from "../../settings.ts";
import type { Terminal } from "../../terminal.ts";

export const secretsArchiveCommand: Command = {
  name: "secrets archive",
  summary: "ends a rotation: secrets in rotation are not used any more",
  synopsis: SECRET_SYNOPSIS,
  description: `
Archives every secret of a path that is in rotation. Proxies derive no more keys from it, so data that was
not written again since \`secrets rotate\` is not found any more. Archived secrets stay stored; nothing is
deleted. Asks no KMS.`,
  options: { ...SECRET_OPTIONS, ...CONFIG_OPTION, json: { help: "prints one JSON object a line" } },
  exitCodes: {
    0: "nothing of the path is in rotation any more",
    1: "the store refused",
    64: "wrong arguments",
    78: "wrong settings",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const key = secretKeyOf(args);
    const { secretStoreOf } = await import("../../secret-store-of.ts");
    const { refused } = await import("../../wrapped-key.ts");
    const { shownSecrets } = await import("../../secret-table.ts");
    const store = secretStoreOf(args, terminal);
    const archived = await store.archive(key).catch((error: unknown) => {
      throw refused(error);
    });
    terminal.print(shownSecrets(archived, args.flag("json")));
    terminal.warn(archived.length === 0 ? "Nothing was in rotation.\n" : "Archived.\n");
    return EXIT.ok;
  },
};
