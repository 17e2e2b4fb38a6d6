import { SETTING_ENTRIES } from "./catalog.ts";
import { nearest } from "./nearest.ts";
import type { Environment } from "./environment.ts";
import { shown } from "./values.ts";

const KNOWN: ReadonlySet<string> = new Set(SETTING_ENTRIES.map(([name]) => name));

const OURS = [...KNOWN].filter((name) => name.startsWith("TSP_"));

// Kubernetes describes every service of the namespace in such variables; a service that is called
// `tsp` would otherwise cause a warning for each.
const SERVICE_LINK =
  /^(.+?)_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A sentence for every `TSP_` variable that nothing reads. Values are not shown. */
export function unknownVariables(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith("TSP_") && !KNOWN.has(name) && !isServiceLink(name, env))
    .toSorted()
    .map((name) => `${shown(name)} is not known: the nearest name is ${nearest(name, OURS)}.`);
}

function isServiceLink(name: string, env: Environment): boolean {
  const service = SERVICE_LINK.exec(name)?.[1];
  return service !== undefined && env[`${service}_SERVICE_HOST`] !== undefined;
}
