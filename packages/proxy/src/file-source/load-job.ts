import type { ParseOptions } from "./document/parse.ts";

export interface LoadOptions extends ParseOptions {
  /** Where relative paths of references start from. */
  readonly folder: string;
}

/** What a load leaves behind for the next one to compare with. */
export interface KnownDocument {
  /** Hash of the configuration file. */
  readonly digest: string;
  /** Every file that credentials refer to: see `file-list.ts`. */
  readonly files: Uint8Array<SharedArrayBuffer>;
  /** Hash of how each of them was found. */
  readonly states: string;
}

export interface LoadJob {
  readonly bytes: Uint8Array;
  readonly options: LoadOptions;
  readonly known: KnownDocument | undefined;
}

/** The same for a thread, which reads the configuration file itself. */
export interface ThreadJob extends Omit<LoadJob, "bytes"> {
  readonly path: string;
}

export interface BuiltDocument extends KnownDocument {
  /** See `writeImage`. */
  readonly image: Uint8Array<ArrayBuffer>;
  readonly problems: readonly string[];
  /** The problems without those of files that credentials refer to. */
  readonly documentProblems: readonly string[];
}

/** Plain data, so that it can come from another thread. */
export type LoadOutcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly mistakes: readonly string[] }
  | { readonly kind: "built"; readonly document: BuiltDocument };

/** What the loading thread says: first, perhaps, which files to watch, and then the outcome. */
export type LoadMessage = { readonly watch: readonly string[] } | { readonly outcome: LoadOutcome };
