import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CONTRACT } from "../src/index.ts";

// Read as text: this package imports nothing of the proxy, and the page is generated from its schema.
const settings = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

it.for([
  ["TSP_HTTP_BIND_ADDRESS", CONTRACT.ports.http],
  ["TSP_HEALTH_BIND_ADDRESS", CONTRACT.ports.health],
  ["TSP_EVENT_BIND_ADDRESS", CONTRACT.ports.logdriver],
] as const)("names the proxy's own default port for %s", ([variable, port]) => {
  const row = settings.split("\n").find((line) => line.includes(`\`${variable}\``));

  expect(row).toContain(`:${port}`);
});
