import { readText, TextError } from "../text/read-text.ts";
import { readDocument } from "./document.ts";
import { keyedFingerprint } from "./fingerprint.ts";
import type { ParsedDocument } from "./model.ts";
import { formatFinding, Report } from "./report.ts";

export interface ParseOptions {
  /** Name of the file for people, as the operator wrote it. */
  readonly file: string;
  /** Random key of the fingerprints. */
  readonly fingerprintKey: Uint8Array;
}

/** Turns the bytes of a configuration file into a model, or into every mistake in it. Pure. */
export function parseDocument(
  bytes: Uint8Array,
  { file, fingerprintKey }: ParseOptions,
): ParsedDocument {
  try {
    const text = decode(bytes);
    const { value, locate } = readText(text);
    const report = new Report();
    const parts = readDocument(value, report, keyedFingerprint(fingerprintKey));
    if (report.mistakes.some) return { mistakes: report.mistakes.lines(file, locate) };
    return { model: { ...parts, problems: report.problems.lines(file, locate) } };
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    return { mistakes: [formatFinding(file, error.position, [], error.message)] };
  }
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TextError("expected text in UTF-8");
  }
  if (text.trim() === "") throw new TextError("the file is empty");
  return text;
}
