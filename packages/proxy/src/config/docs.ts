import { renderDocumentSection } from "../file-source/docs.ts";
import { SETTING_ENTRIES, type SettingName } from "./catalog.ts";
import { code, table } from "./markdown.ts";
import type { Setting, SettingGroup } from "./setting.ts";

const INTRODUCTION = `# Configuration

<!-- Generated from packages/proxy/src/config/catalog.ts. Do not edit. -->

The proxy is configured by environment variables and one configuration file with tenants and KMS
configurations. \`tenant-security-proxy check\` reads both, reports every mistake and changes nothing.

## Environment variables

- An empty variable counts as not set.
- All mistakes are reported together when the proxy starts, which then ends with exit code 78. No
  message shows the value of a key.
- A variable that begins with \`TSP_\` and is not listed here is a warning that names the nearest one.
- Whole numbers are decimal digits and nothing else. Switches are \`true\` or \`false\`, \`1\` or \`0\`.
- Variables marked "original" have the name and the default of the original Tenant Security Proxy.`;

const ADDRESSES = `Addresses are \`IP\` or \`IP:PORT\`; IPv6 with a port needs brackets: \`[::1]:7777\`. What an address leaves
out comes from \`TSP_BIND_ADDRESS\` and the service's own port. Port 0 lets the system choose one; the
log says which. Two services cannot have the same address.`;

const NOTES: Readonly<Partial<Record<SettingGroup, string>>> = { Addresses: ADDRESSES };

/** `docs/configuration.md`, made from the catalogue of settings and the tables of the document. */
export function renderConfigurationDoc(): string {
  const groups = [...new Set(SETTING_ENTRIES.map(([, { group }]) => group))];
  const sections = groups.map((group) => [
    `### ${group}`,
    ...(NOTES[group] === undefined ? [] : [NOTES[group]]),
    table(
      ["Variable", "Default", "Values", "Meaning", "Since"],
      SETTING_ENTRIES.filter(([, setting]) => setting.group === group).map(row),
    ).join("\n"),
  ]);
  return `${[INTRODUCTION, ...sections.flat(), renderDocumentSection()].join("\n\n")}\n`;
}

function row([name, setting]: readonly [SettingName, Setting]): readonly string[] {
  return [code(name), defaultOf(setting), valuesOf(setting), setting.about, setting.since];
}

function defaultOf(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
    case "boolean":
    case "choice":
    case "ip":
      return code(String(setting.default));
    case "address":
      return code(`TSP_BIND_ADDRESS:${setting.port}`);
    case "directives":
      return code("info");
    case "file":
    case "secret":
      return setting.required ? "**required**" : "not set";
    case "hosts":
      return "none";
    case "endpoint":
    case "workers":
      return setting.standard;
    default:
      return "";
  }
}

function valuesOf(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
      return `${grouped(setting.min)} – ${grouped(setting.max)} ${setting.unit}`;
    case "workers":
      return `${setting.min} – ${setting.max} processes`;
    case "boolean":
      return `${code("true")}, ${code("false")}`;
    case "choice":
      return setting.choices.map(code).join(", ");
    case "ip":
      return "IP";
    case "address":
      return "IP or IP:PORT";
    case "directives":
      return "directives";
    case "file":
      return setting.pair ? `file, together with ${code(setting.pair)}` : "file";
    case "secret":
      return "text";
    case "hosts":
      return "hosts";
    case "endpoint":
      return setting.path ? "URL" : "origin";
    default:
      return "any";
  }
}

/** Thousands apart, so that millions can be told from billions. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
