import { isIP } from "node:net";

/** One entry of `TSP_KMS_ALLOWED_HOSTS`. */
interface AllowedHost {
  readonly tls: boolean;
  /** Lower case; with a leading dot it stands for every name that ends so. */
  readonly host: string;
  /** Undefined: the ports that the vendor's rules allow anyway. */
  readonly port: number | undefined;
}

export interface HostAndPort {
  readonly tls: boolean;
  readonly hostname: string;
  readonly port: number;
}

const FORMS = "write host, host:port, .suffix or http://host:port";
const LABELS = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** What the operator allows beyond the rules: architecture 13, "KMS addresses". */
export class AllowedHosts {
  readonly #entries: readonly AllowedHost[];

  /** @throws RangeError that quotes the first entry with a form nobody knows */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(parseEntry);
  }

  /** Whether an entry names exactly this address; `usual` are the ports of the vendor. */
  includes({ tls, hostname, port }: HostAndPort, usual: readonly number[]): boolean {
    return this.#entries.some(
      (entry) =>
        entry.tls === tls &&
        (entry.port === undefined ? usual.includes(port) : entry.port === port) &&
        matches(entry.host, hostname),
    );
  }
}

function matches(allowed: string, hostname: string): boolean {
  return allowed.startsWith(".") ? hostname.endsWith(allowed) : hostname === allowed;
}

function parseEntry(entry: string): AllowedHost {
  const text = entry.trim().toLowerCase();
  const malformed = new RangeError(`"${entry}" is no allowed host: ${FORMS}`);
  if (text.startsWith(".")) {
    if (!LABELS.test(text.slice(1))) throw malformed;
    return { tls: true, host: text, port: undefined };
  }

  const tls = !text.startsWith("http://");
  const { host, port } =
    /^(?<host>\[[0-9a-f:.]+\]|[^:[\]]+)(?::(?<port>\d{1,5}))?$/.exec(
      tls ? text : text.slice("http://".length),
    )?.groups ?? {};
  if (host === undefined || (port === undefined && !tls)) throw malformed;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw malformed;
  return { tls, host: canonical(host) ?? fail(malformed), port: port ? Number(port) : undefined };
}

/** The spelling that the URL parser gives a host: one for each IP address. */
function canonical(host: string): string | undefined {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  if (host.startsWith("[") ? isIP(bare) !== 6 : !LABELS.test(bare)) return undefined;
  return URL.parse(`http://${host}`)?.hostname;
}

function fail(error: Error): never {
  throw error;
}
