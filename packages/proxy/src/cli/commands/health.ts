import { get, type IncomingMessage } from "node:http";
import { formatAddress } from "../../config/bind-address.ts";
import { SettingsReader } from "../../config/reader.ts";
import type { Address } from "../../config/settings.ts";
import type { Probe } from "../../health/state.ts";
import type { Arguments } from "../arguments.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { withoutControls } from "../plain-text.ts";
import { explainSystemError } from "../system-error.ts";
import type { Terminal } from "../terminal.ts";

const PROBES: readonly Probe[] = ["ready", "live", "health"];
const DEADLINE_MS = 3_000;

/** Far more than the health port says. */
const MAX_ANSWER_CHARACTERS = 4_096;

export const healthCommand: Command = {
  name: "health",
  summary: "asks the proxy on this machine whether it is ready, for health checks",
  synopsis: "[--probe PROBE]",
  description: `
Asks the health port once and shows the answer. Meant for the health check of a container, which then
needs no other program.

Reads TSP_HEALTH_BIND_ADDRESS and TSP_BIND_ADDRESS, as the proxy does.`,
  options: {
    probe: { value: "PROBE", help: `one of ${PROBES.join(", ")}; default ${PROBES[0]}` },
  },
  exitCodes: {
    0: "yes",
    1: `no, or no answer within ${DEADLINE_MS / 1_000} seconds`,
    64: "wrong arguments",
    78: "an address in the settings cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const probe = args.choice("probe", PROBES) ?? "ready";
    const address = healthAddress(terminal.env);
    const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      const { healthy, body } = await ask(address, probe, signal);
      terminal.print(`${withoutControls(body)}\n`);
      return healthy ? EXIT.ok : EXIT.failed;
    } catch (cause) {
      const reason = signal.aborted ? "no answer in time" : explainSystemError(cause);
      const where = formatAddress(address);
      throw new CliError(`the health port at ${where}: ${reason}`, EXIT.failed, { cause });
    }
  },
};

/** @throws CliError 78 */
function healthAddress(env: Terminal["env"]): Address {
  const reader = new SettingsReader(env);
  const { host, port } = reader.address("TSP_HEALTH_BIND_ADDRESS", reader.ip("TSP_BIND_ADDRESS"));
  if (reader.mistakes.length > 0) throw new CliError(reader.mistakes, EXIT.config);
  return { host: LOOPBACK[host] ?? host, port };
}

/** "All addresses" is nothing to connect to. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

async function ask({ host, port }: Address, probe: Probe, signal: AbortSignal) {
  const options = { host, port, path: `/${probe}`, agent: false, signal };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(options, resolve).once("error", reject);
  });
  let body = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
    body += chunk;
    if (body.length > MAX_ANSWER_CHARACTERS) throw new Error("another program answers there");
  }
  return { healthy: response.statusCode === 200, body };
}
