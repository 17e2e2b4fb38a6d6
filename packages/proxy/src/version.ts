import { readFileSync } from "node:fs";

/** Version of this package. The manifest lies one folder up, from `src` and from `dist` alike. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return (manifest as { version: string }).version;
}
