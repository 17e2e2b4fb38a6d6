import type { MessagePort } from "node:worker_threads";
import type { DocumentModel } from "./document/model.ts";
import type { ParseOptions } from "./document/parse.ts";

/** What the parsing thread is given. */
export interface ParseJob {
  readonly bytes: Uint8Array;
  readonly options: ParseOptions;
  /** Where the parts go; they are all there when the thread says that it is done. */
  readonly port: MessagePort;
}

/** A piece of the model, in the order configurations, tenants, problems. */
export type DocumentPart = Partial<DocumentModel>;

export type ParseMessage = DocumentPart | { readonly mistakes: readonly string[] };
