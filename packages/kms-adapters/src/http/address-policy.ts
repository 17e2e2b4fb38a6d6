import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { AllowedHosts } from "./allowed-hosts.ts";
import { AddressError } from "./errors.ts";
import { isPublicAddress } from "./ranges.ts";
import { NameServers } from "./name-servers.ts";
import { type Resolve, SharedResolver, systemResolve } from "./resolver.ts";

/** What the operator decides about addresses. */
export interface AddressPolicyOptions {
  /** Entries of `TSP_KMS_ALLOWED_HOSTS`: `host`, `host:port`, `.suffix`, `http://host:port`. */
  readonly allowedHosts?: readonly string[];
  /**
   * How names become addresses. Default: listed ones by the system's resolver, all others by hosts
   * file and name servers, where slow ones get in nobody's way.
   */
  readonly resolve?: Resolve;
}

/** What a vendor's addresses look like. */
export interface AddressRules {
  /** Default: 443 only. */
  readonly ports?: readonly number[];
  /** With a leading dot: `.vault.azure.net`. Default: any public host. */
  readonly suffixes?: readonly string[];
  /** Only one label may stand before the suffix. */
  readonly singleLabel?: boolean;
}

/** An address that passed the rules. Connect with `lookup`, which checks what the name leads to. */
export interface KmsAddress {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  /** Lower case; an IPv6 address in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** False only for `http://` addresses that the operator lists. */
  readonly tls: boolean;
  /** For `net.connect`, agents and SDKs: connects only to addresses that were checked. */
  readonly lookup: LookupFunction;
}

// Stricter than a URL: what a parser would repair (backslashes, tabs, escapes, userinfo, other
// scripts' digits) is refused before it sees it.
const ORIGIN = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?\/?$/i;
const MAX_LENGTH = 300;
// Reserved by RFC 6761, whatever a name server says.
const LOOPBACK_NAME = /(?:^|\.)localhost$/;

/**
 * Decides where a configuration may lead: architecture 7 and 13. An address text is hostile input;
 * so is every answer of a name server.
 */
export class AddressPolicy {
  readonly #allowed: AllowedHosts;
  readonly #listed: SharedResolver;
  readonly #others: SharedResolver;

  /** @throws RangeError that quotes a malformed entry of `allowedHosts` */
  constructor({ allowedHosts = [], resolve }: AddressPolicyOptions = {}) {
    this.#allowed = new AllowedHosts(allowedHosts);
    this.#listed = new SharedResolver(resolve ?? systemResolve);
    this.#others = new SharedResolver(resolve ?? new NameServers().resolve);
  }

  /**
   * Checks an origin such as `https://vault.example.com:8200` without looking its name up.
   * @throws AddressError (`KMS_CONFIG_INVALID`) that says which rule is broken
   */
  admit(
    origin: string,
    { ports = [443], suffixes, singleLabel = false }: AddressRules,
  ): KmsAddress {
    const { tls, hostname, port } = parseOrigin(origin);
    const listed = this.#allowed.includes({ tls, hostname, port }, ports);
    if (!listed) {
      if (!tls) throw new AddressError("the address must begin with https://");
      if (!ports.includes(port)) throw new AddressError(`port ${port} is not allowed`);
      checkName(hostname, suffixes, singleLabel);
    }
    return {
      origin: `${tls ? "https" : "http"}://${hostname}:${port}`,
      hostname,
      port,
      tls,
      lookup: this.#lookup(hostname, listed),
    };
  }

  #lookup(admitted: string, listed: boolean): LookupFunction {
    return (hostname, { family, all = false }, callback) => {
      const answer = (error: Error | null, addresses: { address: string; family: number }[]) => {
        const [first] = addresses;
        if (all) callback(error, addresses);
        else callback(error, first?.address ?? "", first?.family ?? 0);
      };
      if (hostname !== admitted) {
        answer(new AddressError("the client tried to connect to another host"), []);
        return;
      }
      const resolver = listed ? this.#listed : this.#others;
      resolver.resolve(hostname).then(
        (found) => {
          // One forbidden address refuses the name: nobody can tell which one would be taken.
          if (!listed && !found.every(({ address }) => isPublicAddress(address))) {
            answer(new AddressError("the host has an address in a private or reserved range"), []);
            return;
          }
          const wanted = found.filter((entry) => !isFamily(family) || entry.family === family);
          answer(wanted.length > 0 ? null : notFound(hostname), wanted);
        },
        (error: unknown) => answer(error as Error, []),
      );
    };
  }
}

function parseOrigin(origin: string): { tls: boolean; hostname: string; port: number } {
  const url = origin.length <= MAX_LENGTH && ORIGIN.test(origin) ? URL.parse(origin) : null;
  if (url === null || url.hostname.endsWith(".")) {
    throw new AddressError("the address must be an origin such as https://kms.example.com");
  }
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  return { tls, hostname: url.hostname, port };
}

function checkName(hostname: string, suffixes: readonly string[] | undefined, single: boolean) {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (suffixes === undefined) {
    if (isIP(bare) === 0 ? !LOOPBACK_NAME.test(bare) : isPublicAddress(bare)) return;
    throw new AddressError("the host is in a private or reserved range");
  }
  const suffix = suffixes.find((candidate) => hostname.endsWith(candidate));
  const label = suffix === undefined ? "" : hostname.slice(0, -suffix.length);
  if (label === "" || (single && label.includes("."))) {
    throw new AddressError(`the host is none of the vendor's: ${suffixes.join(", ")}`);
  }
}

function isFamily(family: unknown): family is 4 | 6 {
  return family === 4 || family === 6;
}

function notFound(hostname: string): Error {
  const error = new Error(`no address of the wanted family: ${hostname}`);
  return Object.assign(error, { code: "ENOTFOUND" });
}
