import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { demoDataIn } from "../demo-folder.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

export const initCommand: Command = {
  name: "init",
  summary: "makes a folder with everything that a first start needs",
  synopsis: "FOLDER",
  description: `
Makes FOLDER with a configuration file of three tenants on the embedded local KMS (one leased, one
not, one disabled), a file with a key for each, and a file \`env\` with a fresh API key. Only the
owner may read them. A folder that has all of these is left as it is; nothing is ever overwritten.

Then start with:

  set -a; . FOLDER/env; set +a; tenant-security-proxy start`,
  options: {},
  positionals: [1, 1],
  exitCodes: {
    0: "the folder is ready",
    78: "it cannot be written, or only some of its files are there",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const [folder = ""] = args.positionals;
    const data = demoDataIn(folder);
    const what = data.created ? "made" : "already there, left as it is";
    terminal.print(
      `${data.folder}: ${what}\n` +
        `  tenants   ${data.configFile}\n` +
        `  settings  ${data.envFile}\n`,
    );
    return EXIT.ok;
  },
};
