#!/usr/bin/env node
import { App } from "cdk8s";
import { TenantSecurityProxyChart } from "./chart.ts";
import { PropsError } from "./errors.ts";
import { renderManifests } from "./render.ts";
import { readSettings } from "./settings-file.ts";

/** As the proxy itself ends when its settings are wrong. */
const EX_CONFIG = 78;

const [file = process.env["DEPLOY_SETTINGS"] || "settings.yaml"] = process.argv.slice(2);
try {
  await synthesize();
} catch (error) {
  if (!(error instanceof PropsError)) throw error;
  process.stderr.write(`${file}: ${error.message}\n`);
  process.exitCode = EX_CONFIG;
}

/** Started by `cdk8s synth` it writes where that looks, by hand to the terminal. */
async function synthesize(): Promise<void> {
  const props = await readSettings(file);
  if (process.env["CDK8S_OUTDIR"] === undefined) {
    process.stdout.write(renderManifests(props));
    return;
  }
  const app = new App();
  new TenantSecurityProxyChart(app, "tenant-security-proxy", props);
  app.synth();
}
