import type { TenantRecord } from "../../tenants/snapshot.ts";
import type { KmsType } from "../../tenants/tenant.ts";

/** A secret that stands elsewhere. The file is relative to the configuration file. */
export type SecretReference = { readonly fromFile: string } | { readonly fromEnv: string };

/** A configuration that can be used as far as the document tells. */
export interface UsableRecord {
  readonly id: number;
  readonly type: KmsType;
  readonly keyPath: Readonly<Record<string, unknown>>;
  /** Known members only, references not resolved. */
  readonly credentials: Readonly<Record<string, unknown>>;
  /** Files that the credentials refer to, as written. */
  readonly files: readonly string[];
  readonly leasingAllowed: boolean;
  /** Keyed hash of everything a driver is built from, without the content of files. */
  readonly fingerprint: string;
}

/** A configuration that is left out, and why. */
export interface UnusableRecord {
  readonly id: number;
  readonly reason: string;
}

export type ConfigurationRecord = UsableRecord | UnusableRecord;

/** A document that can be served: plain data, so that it can come from another thread. */
export interface DocumentModel {
  readonly configurations: readonly ConfigurationRecord[];
  readonly tenants: readonly TenantRecord[];
  /** One line each, about what is left out or ignored. */
  readonly problems: readonly string[];
}

/** What became of a document: a model, or every mistake that makes it useless as a whole. */
export type ParsedDocument =
  | { readonly model: DocumentModel; readonly mistakes?: never }
  | { readonly mistakes: readonly string[]; readonly model?: never };

export function isUnusable(record: ConfigurationRecord): record is UnusableRecord {
  return "reason" in record;
}
