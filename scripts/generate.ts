// Writes every document that is made from code; with --check it only tells which ones differ.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { FILES } from "../dashboards/src/index.ts";
import { renderMetricsDoc } from "../packages/metrics/src/index.ts";
import { renderConfigurationDoc } from "../packages/proxy/src/config/docs.ts";
import { securityEventSchema } from "../packages/proxy/src/events/schema.ts";
import { renderErrorsDoc } from "../packages/proxy/src/http/docs/errors-doc.ts";
import { buildOpenApi } from "../packages/proxy/src/http/docs/openapi.ts";
import { renderDeployment, renderVariables } from "./lib/deploy.ts";

const ROOT = new URL("../", import.meta.url);

const DOCUMENTS: Readonly<Record<string, () => string | Promise<string>>> = {
  ...FILES,
  "docs/configuration.md": renderConfigurationDoc,
  "docs/errors.md": renderErrorsDoc,
  "docs/metrics.md": renderMetricsDoc,
  "docs/openapi.json": () => json(buildOpenApi()),
  "docs/security-event.schema.json": () => json(securityEventSchema()),
  "packages/deploy-cdk8s/src/props/variables.ts": renderVariables,
  "deploy/kubernetes/tenant-security-proxy.yaml": () => renderDeployment("settings.yaml"),
  "deploy/kubernetes/production/tenant-security-proxy.yaml": () =>
    renderDeployment("settings.production.yaml"),
};

const check = process.argv.includes("--check");
const differing: string[] = [];
for (const [name, render] of Object.entries(DOCUMENTS)) {
  const file = new URL(name, ROOT);
  const text = formatted(name, await render());
  if (text === (await readFile(file, "utf8").catch(() => undefined))) continue;
  differing.push(name);
  if (check) continue;
  await mkdir(new URL("./", file), { recursive: true });
  await writeFile(file, text);
}

for (const name of differing) {
  console.log(`${name}: ${check ? "differs from the code" : "written"}`);
}
if (check && differing.length > 0) {
  console.log("Run: node scripts/run.mjs exec pnpm run generate");
  process.exitCode = 1;
}

/** As the formatter leaves it, so that the check of formatting has nothing to say. */
function formatted(path: string, text: string): string {
  return execFileSync("oxfmt", [`--stdin-filepath=${path}`], { input: text, encoding: "utf8" });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
