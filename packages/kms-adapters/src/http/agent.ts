import http from "node:http";
import https from "node:https";
import type { KmsAddress } from "./address-policy.ts";

export interface AgentOptions {
  readonly address: KmsAddress;
  /** Sockets at most; further requests wait for one. Default: 32. */
  readonly maxSockets?: number | undefined;
  /** PEM. Replaces the public authorities for this agent. */
  readonly caCertificate?: string | undefined;
}

/** An agent for SDKs that bring their own HTTP client: its connections reach `address` only. */
export function createAgent(options: AgentOptions): http.Agent | https.Agent {
  const { address, maxSockets = 32, caCertificate } = options;
  const { hostname, port, lookup, tls } = address;
  const bare = hostname.replace(/^\[|\]$/g, "");
  // Whatever host and port the SDK makes up, the socket goes to the address that was admitted.
  const pinned = { host: bare, port, lookup };
  const common = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets, ...pinned };
  const ca = caCertificate === undefined ? {} : { ca: caCertificate };
  return tls ? new https.Agent({ ...common, ...ca }) : new http.Agent(common);
}
