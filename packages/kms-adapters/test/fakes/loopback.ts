import type { Resolve } from "../../src/http/resolver.ts";

/** Leads every name to this machine, where the fakes live under the vendors' own names. */
export const loopback: Resolve = async () => [{ address: "127.0.0.1", family: 4 }];

/** Leads every name into a private network, as a rebound or hostile one would. */
export const privateNetwork: Resolve = async () => [{ address: "10.0.0.1", family: 4 }];
