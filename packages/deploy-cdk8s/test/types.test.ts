import { App } from "cdk8s";
import { expect, it } from "vitest";
import {
  PropsError,
  TenantSecurityProxyChart,
  type TenantSecurityProxyProps,
} from "../src/index.ts";
import { IMAGE } from "./combinations.ts";

// The compiler looks at this file with every other: an error that is missing is an error, too.
const WRONG: Readonly<Record<string, TenantSecurityProxyProps>> = {
  // @ts-expect-error -- the image has no default
  "no image": {},
  // @ts-expect-error -- not a member
  "a misspelt prop": { image: IMAGE, replica: 2 },
  // @ts-expect-error -- not one of the words
  "a word that does not exist": { image: IMAGE, zones: "all" },
  // @ts-expect-error -- quantities are text
  "a number for a quantity": { image: IMAGE, resources: { cpu: 2 } },
  // @ts-expect-error -- belongs in the Secret
  "a key in plain sight": { image: IMAGE, environment: { API_KEY: "x" } },
  // @ts-expect-error -- decided by another prop
  "a variable with a prop of its own": { image: IMAGE, environment: { TSP_CONFIG_FILE: "x" } },
  // @ts-expect-error -- not a variable of the proxy
  "a variable that does not exist": { image: IMAGE, environment: { TSP_LEASES: 1 } },
  // @ts-expect-error -- a monitor has a kind
  "a monitor of no kind": { image: IMAGE, monitoring: {} },
};

it.for(Object.entries(WRONG))("%s neither compiles nor renders", ([, props]) => {
  expect(() => new TenantSecurityProxyChart(new App(), "proxy", props)).toThrow(PropsError);
});
