import {
  isUnusable,
  type TenantRecord,
  type UnusableRecord,
  type UsableRecord as UsableConfiguration,
} from "../../tenants/records.ts";

/** A secret that stands elsewhere. The file is relative to the configuration file. */
export type SecretReference = { readonly fromFile: string } | { readonly fromEnv: string };

/** A configuration that can be used as far as the document tells. */
export interface UsableRecord extends UsableConfiguration {
  /** Files that the credentials refer to, as written. The fingerprint is without their content. */
  readonly files: readonly string[];
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

/** The files that a configuration refers to, as written. */
export function filesOf(record: ConfigurationRecord): readonly string[] {
  return isUnusable(record) ? [] : record.files;
}
