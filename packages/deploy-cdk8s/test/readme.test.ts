import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { propsSchema } from "../src/validation/schema.ts";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Every option by its path, such as `networkPolicy.kms.vault`. */
function optionsOf({ properties = {} }: Node, prefix = ""): string[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${prefix}${name}`;
    const leaf = node.properties === undefined || path === "environment";
    return leaf ? [path] : optionsOf(node, `${path}.`);
  });
}

it("README.md has a row for every option and no other", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, table = ""] = readme.split("## Options");
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((row) =>
    [...(row.split("|", 2)[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );

  expect(listed.toSorted()).toEqual([...optionsOf(propsSchema), "alerts.rulesFile"].toSorted());
});
