import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildRuleFile } from "../src/rules/rule-file.ts";

const RUNBOOKS = new URL("../../docs/runbooks/", import.meta.url);
const RULES = buildRuleFile().groups.flatMap(({ rules }) => rules);

describe("the runbooks", () => {
  it("are one for each alert, and none besides", () => {
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== "README.md");

    expect(pages.toSorted()).toEqual(RULES.map(({ alert }) => `${alert}.md`).toSorted());
  });

  it.for(RULES)(
    "of $alert says what it means, what to look at, what to do",
    ({ alert, annotations }) => {
      const page = readFileSync(
        new URL(`../../${annotations.runbook_url}`, import.meta.url),
        "utf8",
      );

      expect(page.split("\n").filter((line) => line.startsWith("#"))).toEqual([
        `# ${alert}`,
        "## What it means",
        "## What to look at",
        "## What to do",
      ]);
    },
  );
});
