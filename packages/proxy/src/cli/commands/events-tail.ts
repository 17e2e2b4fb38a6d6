import { readFileSync } from "node:fs";
import type { Pull } from "zeromq";
import { eventLine } from "../event-line.ts";
import type { Arguments } from "../arguments.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { explainSystemError } from "../system-error.ts";
import type { Terminal } from "../terminal.ts";

const DEFAULT_ENDPOINT = "tcp://127.0.0.1:5555";

export const eventsTailCommand: Command = {
  name: "events tail",
  summary: "shows security events as they happen, for trying the system",
  synopsis: "[--connect ENDPOINT] [--tenant ID] [--json] [--server-key FILE]",
  description: `
Reads the event stream of a running proxy until Ctrl-C and shows one line for each event.

It takes the events away: the stream is shared among all its readers, and each event goes to one of
them. Do not run this beside the readers of a production system. That holds for events that --tenant
does not show, too.`,
  options: {
    connect: { value: "ENDPOINT", help: `where the proxy is; default ${DEFAULT_ENDPOINT}` },
    tenant: { value: "ID", help: "shows the events of this tenant only" },
    json: { help: "shows each event as the JSON that was received, one a line" },
    "server-key": {
      value: "FILE",
      help: "the proxy's public CURVE key, when its event socket is encrypted",
    },
  },
  exitCodes: {
    0: "ended by Ctrl-C or SIGTERM",
    64: "wrong arguments",
    78: "the endpoint or the key file cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const endpoint = args.text("connect") ?? DEFAULT_ENDPOINT;
    const socket = await connect(endpoint, args.text("server-key"));
    terminal.signal.addEventListener("abort", () => socket.close(), { once: true });
    if (terminal.signal.aborted) socket.close();
    terminal.warn(
      `Reading ${endpoint}. Every event that arrives here is taken away from the stream's other ` +
        "readers. Ctrl-C ends it.\n",
    );
    const count = await show(socket, args, terminal);
    terminal.warn(`${count} event${count === 1 ? "" : "s"} read.\n`);
    return EXIT.ok;
  },
};

async function connect(endpoint: string, serverKeyFile: string | undefined): Promise<Pull> {
  // Loaded here, so that no other command pays for a native module.
  const { curveKeyPair, Pull } = await import("zeromq");
  const socket = new Pull({ linger: 0 });
  try {
    if (serverKeyFile !== undefined) {
      // The proxy lets any reader in that knows its public key, so a fresh pair will do.
      const { publicKey, secretKey } = curveKeyPair();
      socket.curvePublicKey = publicKey;
      socket.curveSecretKey = secretKey;
      socket.curveServerKey = readFileSync(serverKeyFile, "utf8").trim();
    }
    socket.connect(endpoint);
    return socket;
  } catch (cause) {
    socket.close();
    const reason = explainSystemError(cause);
    throw new CliError(`cannot read events from ${endpoint}: ${reason}`, EXIT.config, { cause });
  }
}

async function show(socket: Pull, args: Arguments, terminal: Terminal): Promise<number> {
  const tenantId = args.text("tenant");
  const json = args.flag("json");
  let count = 0;
  try {
    for await (const [frame] of socket) {
      count += 1;
      const text = frame?.toString() ?? "";
      const line = eventLine(text, { tenantId, json });
      if (line !== undefined) terminal.print(`${line}\n`);
    }
  } catch (error) {
    // What a socket throws that is closed in the middle of a stream is only its end.
    if (!socket.closed) throw error;
  }
  return count;
}
