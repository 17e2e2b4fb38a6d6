import type {
  ConfigurationRecord,
  DocumentModel,
} from "../../../src/file-source/document/model.ts";
import { parseDocument } from "../../../src/file-source/document/parse.ts";
import { document } from "../helpers.ts";

const FINGERPRINT_KEY = new Uint8Array(32).fill(7);

export function parse(text: string | Uint8Array): ReturnType<typeof parseDocument> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return parseDocument(bytes, { file: "c.yaml", fingerprintKey: FINGERPRINT_KEY });
}

/** The model of a document that can be served. */
export function model(text: string): DocumentModel {
  const parsed = parse(text);
  if (parsed.model) return parsed.model;
  throw new TypeError(`no model: ${parsed.mistakes.join("\n")}`);
}

/** The record of the only configuration of a document. */
export function recordOf(entry: unknown): ConfigurationRecord {
  const [record] = model(document([entry], [])).configurations;
  if (record === undefined) throw new TypeError("no record");
  return record;
}

/** Members of a Google configuration with other credentials. */
export function credentials(changes: object): object {
  return { credentials: { client_email: "me@example.com", private_key: "PEM", ...changes } };
}
