import type { ConfigurationEntry } from "../documents.ts";

/** One vendor's KMS with a key, as a tenant configures it and as its administrator rules it. */
export interface Vendor {
  /** As in the configuration file: `AWS`. */
  readonly type: string;
  /** Settings that lead a proxy here. */
  readonly env: Readonly<Record<string, string>>;
  /** Entry of `TSP_KMS_ALLOWED_HOSTS`; undefined when a setting of its own leads here. */
  readonly allowedHost: string | undefined;
  readonly keyPath: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, unknown>>;
  /** The tenant takes the key away; the code that every use of it has from then on. */
  revoke(): Promise<number>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** A configuration of the vendor's key. */
export function vendorConfiguration(
  id: number,
  { type, keyPath, credentials }: Pick<Vendor, "type" | "keyPath" | "credentials">,
  leasingAllowed: boolean,
): ConfigurationEntry {
  return { id, type, keyPath, credentials, leasingAllowed };
}

/** Settings of a proxy that reaches all of them. */
export function vendorEnvironment(
  vendors: readonly Pick<Vendor, "env" | "allowedHost">[],
): Record<string, string> {
  const hosts = vendors.flatMap(({ allowedHost }) => allowedHost ?? []);
  return Object.assign({ TSP_KMS_ALLOWED_HOSTS: hosts.join(",") }, ...vendors.map((v) => v.env));
}
