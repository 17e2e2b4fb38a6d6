import { setTimeout as sleep } from "node:timers/promises";
import type { Arguments } from "../../arguments.ts";
import { CliError } from "../../cli-error.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit-code.ts";
import { SECRET_OPTIONS, SECRET_SYNOPSIS, secretKeyOf } from "../../secret-options.ts";
import { CONFIG_OPTION, settingsForTools } from "../../settings.ts";
import type { Terminal } from "../../terminal.ts";

export const secretsRotateCommand: Command = {
  name: "secrets rotate",
  summary: "makes a new current secret; the old one stays usable, in rotation",
  synopsis: SECRET_SYNOPSIS,
  description: `
Begins a rotation: the current secret goes into rotation, and a new one takes its place. Proxies learn of it
within a second, and two seconds after it was made all of them answer with its keys first. The command ends
when it is so. From then on have applications write their data again, then end the rotation with
\`secrets archive\`.`,
  options: { ...SECRET_OPTIONS, ...CONFIG_OPTION, json: { help: "prints one JSON object a line" } },
  exitCodes: {
    0: "rotated; both secrets are shown",
    1: "there is no current secret, or the tenant, its KMS or the store refused",
    64: "wrong arguments",
    78: "wrong settings, or a configuration file that cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const key = secretKeyOf(args);
    const { withToolbox } = await import("../../toolbox.ts");
    const { makeWrappedKey, refused } = await import("../../wrapped-key.ts");
    const { shownSecrets } = await import("../../secret-table.ts");
    const { SETTLE_MS } = await import("../../../file-source/secrets/secret-store.ts");
    return withToolbox(settingsForTools(args, terminal), terminal, async (toolbox) => {
      const next = () => makeWrappedKey(toolbox, key.tenantId);
      const rotation = await toolbox.source.secrets.rotate(key, next).catch((error: unknown) => {
        throw refused(error);
      });
      if (rotation.rotated === undefined) {
        throw new CliError("the path has no current secret: nothing to rotate", EXIT.failed);
      }
      await sleep(SETTLE_MS, undefined, { signal: terminal.signal }).catch(() => {});
      const both = [rotation.current, rotation.rotated].filter((each) => each !== undefined);
      terminal.print(shownSecrets(both, args.flag("json")));
      return EXIT.ok;
    });
  },
};
