import { readFileSync } from "node:fs";

const FILE = new URL("../../../../docs/security-event.schema.json", import.meta.url);

/** What readers of events rely on: the file in `docs`, not the code that writes it. */
export function committedSchema(): Record<string, unknown> {
  return JSON.parse(readFileSync(FILE, "utf8")) as Record<string, unknown>;
}
