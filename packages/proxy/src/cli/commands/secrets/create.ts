import type { Arguments } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit-code.ts";
import { SECRET_OPTIONS, SECRET_SYNOPSIS, secretKeyOf } from "../../secret-options.ts";
import { CONFIG_OPTION, settingsForTools } from "../../settings.ts";
import type { Terminal } from "../../terminal.ts";

export const secretsCreateCommand: Command = {
  name: "secrets create",
  summary: "makes the secret of a path before an application asks for it",
  synopsis: SECRET_SYNOPSIS,
  description: `
Makes a tenant secret, has the tenant's KMS wrap it, and stores it. The proxy does the same when a path is
used for the first time; this command does it for tenants without a primary configuration, too, with
an active one. A path that has a current secret is left as it is.`,
  options: { ...SECRET_OPTIONS, ...CONFIG_OPTION, json: { help: "prints one JSON object" } },
  exitCodes: {
    0: "the path has a current secret",
    1: "the tenant, its KMS or the store refused",
    64: "wrong arguments",
    78: "wrong settings, or a configuration file that cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const key = secretKeyOf(args);
    const { withToolbox } = await import("../../toolbox.ts");
    const { makeWrappedKey, refused } = await import("../../wrapped-key.ts");
    const { shownSecrets } = await import("../../secret-table.ts");
    return withToolbox(settingsForTools(args, terminal), terminal, async (toolbox) => {
      const { secrets: store } = toolbox.source;
      try {
        const [known] = await store.find(key);
        const there = known?.rotationStatus === "current" ? known : undefined;
        const secret =
          there ?? (await store.create(key, await makeWrappedKey(toolbox, key.tenantId)));
        terminal.print(shownSecrets([secret], args.flag("json")));
        terminal.warn(there === undefined ? "Created.\n" : "It was there already.\n");
        return EXIT.ok;
      } catch (error) {
        throw refused(error);
      }
    });
  },
};
