import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Builds the proxy if its sources changed: what is measured is what is shipped. */
export function buildProxy(): void {
  const filter = "--filter=@tenant-security/proxy...";
  const options = ["run", "build", filter, "--output-logs=errors-only"];
  execFileSync("node_modules/.bin/turbo", options, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
