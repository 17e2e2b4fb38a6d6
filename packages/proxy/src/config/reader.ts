import { parseAllowedHosts } from "./allowed-hosts.ts";
import { parseApiKey } from "./api-key.ts";
import { type Parsed, parseAddress, parseIp } from "./bind-address.ts";
import { type ChoiceOf, type NameOf, SETTINGS, type SettingName } from "./catalog.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { Environment } from "./environment.ts";
import type { FileSetting, SecretSetting } from "./setting.ts";
import type { Address } from "./settings.ts";
import { standardWorkers } from "./cpus.ts";
import { parseBoolean, parseChoice, parseInteger, shown } from "./values.ts";

/**
 * Reads variables by their entry in the catalogue and collects every mistake. A wrong value is
 * replaced by its default, so that reading goes on and the next mistake is found as well.
 */
export class SettingsReader {
  readonly mistakes: string[] = [];
  readonly warnings: string[] = [];
  /** Variables whose value could not be used. */
  readonly wrong: Set<SettingName> = new Set();
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The text of a variable; an empty one counts as not set. */
  text(name: SettingName): string | undefined {
    const text = this.#env[name];
    return text === "" ? undefined : text;
  }

  integer(name: NameOf<"integer">): number {
    const entry = SETTINGS[name];
    return this.#parsed(name, (text) => parseInteger(text, entry)) ?? entry.default;
  }

  workers(name: NameOf<"workers">): number {
    const entry = SETTINGS[name];
    return this.#parsed(name, (text) => parseInteger(text, entry)) ?? standardWorkers();
  }

  boolean(name: NameOf<"boolean">): boolean {
    return this.#parsed(name, parseBoolean) ?? SETTINGS[name].default;
  }

  choice<Name extends NameOf<"choice">>(name: Name): ChoiceOf<Name> {
    const { choices, default: standard } = SETTINGS[name];
    const words: readonly ChoiceOf<Name>[] = choices;
    return this.#parsed(name, (text) => parseChoice(text, words)) ?? standard;
  }

  file(name: NameOf<"file">): string | undefined {
    const entry: FileSetting = SETTINGS[name];
    const path = this.text(name);
    if (path === undefined && entry.required) this.#missing(name, "the path of a file");
    return path;
  }

  /** Two files that are only of use together. */
  pair(first: NameOf<"file">, second: NameOf<"file">): readonly [string, string] | undefined {
    const [a, b] = [this.file(first), this.file(second)];
    if (a !== undefined && b !== undefined) return [a, b];
    if (a !== undefined) this.mistakes.push(`${first} is set without ${second}: set both or none.`);
    if (b !== undefined) this.mistakes.push(`${second} is set without ${first}: set both or none.`);
    return undefined;
  }

  apiKey(name: NameOf<"secret">): string | undefined {
    const entry: SecretSetting = SETTINGS[name];
    const text = this.text(name);
    if (text === undefined) {
      if (entry.required) this.#missing(name, "the key that applications present");
      return undefined;
    }
    const { value, expected } = parseApiKey(text);
    if (expected !== undefined) this.mistakes.push(`${name} cannot be used: expected ${expected}.`);
    return value;
  }

  ip(name: NameOf<"ip">): string {
    return this.#parsed(name, parseIp) ?? SETTINGS[name].default;
  }

  address(name: NameOf<"address">, host: string): Address {
    const fallback = { host, port: SETTINGS[name].port };
    return this.#parsed(name, (text) => parseAddress(text, fallback)) ?? fallback;
  }

  hosts(name: NameOf<"hosts">): readonly string[] {
    return this.#parsed(name, parseAllowedHosts) ?? [];
  }

  endpoint(name: NameOf<"endpoint">): string | undefined {
    return this.#parsed(name, (text) => parseEndpoint(text, SETTINGS[name]));
  }

  #parsed<T>(name: SettingName, parse: (text: string) => Parsed<T>): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const { value, expected } = parse(text);
    if (expected !== undefined) {
      this.wrong.add(name);
      this.mistakes.push(`${name} is ${shown(text)}: expected ${expected}.`);
    }
    return value;
  }

  #missing(name: SettingName, what: string): void {
    this.mistakes.push(`${name} is not set: expected ${what}.`);
  }
}
