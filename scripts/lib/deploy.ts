import { fileURLToPath } from "node:url";
import { readSettings, renderManifests } from "../../packages/deploy-cdk8s/src/index.ts";
import { SETTING_ENTRIES } from "../../packages/proxy/src/config/catalog.ts";

/** The names of the proxy's variables, for a package that does not depend on the proxy. */
export function renderVariables(): string {
  return `// Generated from packages/proxy/src/config/catalog.ts. Do not edit.

/** Environment variables of the proxy that may stand in a manifest. */
export type PlainVariable = (typeof PLAIN_VARIABLES)[number];

export const PLAIN_VARIABLES = [${quotedNames(false)}] as const;

/** Those that belong in a Secret, and those of the original's services that come with them. */
export const SECRET_VARIABLES: readonly string[] = [${quotedNames(true)}];
`;
}

function quotedNames(secret: boolean): string {
  const kinds = ["secret", "ignored"];
  return SETTING_ENTRIES.filter(([, { kind }]) => kinds.includes(kind) === secret)
    .map(([name]) => JSON.stringify(name))
    .join(", ");
}

/** What `npx cdk8s synth` makes of a settings file of the package, for `kubectl apply -f`. */
export async function renderDeployment(settings: string): Promise<string> {
  const path = `packages/deploy-cdk8s/${settings}`;
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  return `# Generated from ${path}. Do not edit.\n${renderManifests(await readSettings(file))}`;
}
