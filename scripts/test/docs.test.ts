import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../packages/metrics/src/index.ts";
import { SETTINGS } from "../../packages/proxy/src/config/catalog.ts";
import { readPage } from "./docs/markdown.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Read by scripts and tests of this repository, never by the proxy. */
const OTHER_VARIABLES = ["TSP_DEMO_DIR", "TSP_REQUIRE_CONTAINERS"];

const HISTOGRAM_SUFFIXES = ["_bucket", "_sum", "_count"];

const ALERTS = readFileSync(join(ROOT, "dashboards/rules/tsp-alerts.yaml"), "utf8");

const pages = markdownFiles();

describe.for(pages)("%s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");

  it("links to files and headings that are there", () => {
    expect(readPage(text).links.filter((link) => isBroken(page, link))).toEqual([]);
  });

  it("names settings, metrics and alerts that there are", () => {
    const unknown = [
      ...names(text, /\bTSP_[A-Z0-9_]*[A-Z0-9]\b/g).filter(isUnknownVariable),
      ...names(text, /\btsp_[a-z0-9_]*[a-z0-9]\b/g).filter(isUnknownMetric),
      ...names(text, /\bTsp[A-Z]\w+\b/g).filter((name) => !ALERTS.includes(`alert: ${name}\n`)),
    ];

    expect(unknown).toEqual([]);
  });
});

describe("the check itself", () => {
  it("finds links, and headings as GitHub names them", () => {
    const { links, anchors } = readPage(
      "# `drop` or `require`\n[a](x.md#y) `[no](z)`\n```\n[no](w)\n# no\n```\n## Step 2: go!\n## Step 2: go!",
    );

    expect(links).toEqual(["x.md#y"]);
    expect([...anchors]).toEqual(["drop-or-require", "step-2-go", "step-2-go-1"]);
  });

  it("tells what is broken", () => {
    expect(isBroken("README.md", "docs/no-such-page.md")).toBe(true);
    expect(isBroken("README.md", "docs/events.md#no-such-heading")).toBe(true);
    expect(isBroken("README.md", "docs/events.md#the-ledger")).toBe(false);
    expect(["TSP_NO_SUCH", "TSP_MAX_CONNECTIONS"].filter(isUnknownVariable)).toHaveLength(1);
    expect(["tsp_no_such", "tsp_request_duration_seconds_sum"].filter(isUnknownMetric)).toEqual([
      "tsp_no_such",
    ]);
  });
});

/** Every page of the repository, one that is not committed yet included. */
function markdownFiles(): readonly string[] {
  const options = ["--cached", "--others", "--exclude-standard", "-z", "*.md"];
  const listed = execFileSync("git", ["ls-files", ...options], { cwd: ROOT, encoding: "utf8" });
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

function isBroken(page: string, link: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:/.test(link)) return false;
  const [path = "", fragment] = link.split("#", 2);
  const target = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), decodeURI(path));
  if (relative(ROOT, target).startsWith("..") || !existsSync(target)) return true;
  if (fragment === undefined || !target.endsWith(".md") || !statSync(target).isFile()) return false;
  return !readPage(readFileSync(target, "utf8")).anchors.has(fragment);
}

function names(text: string, pattern: RegExp): readonly string[] {
  return [...new Set(text.match(pattern))];
}

function isUnknownVariable(name: string): boolean {
  return !Object.hasOwn(SETTINGS, name) && !OTHER_VARIABLES.includes(name);
}

function isUnknownMetric(name: string): boolean {
  return !METRICS.some(({ name: metric, kind, labels }) => {
    const suffixes = kind === "histogram" ? ["", ...HISTOGRAM_SUFFIXES] : [""];
    return suffixes.some((suffix) => metric + suffix === name) || Object.hasOwn(labels, name);
  });
}
