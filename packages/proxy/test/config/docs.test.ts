import { describe, expect, it } from "vitest";
import { SETTING_ENTRIES } from "../../src/config/catalog.ts";
import { renderConfigurationDoc } from "../../src/config/docs.ts";
import { parseDocument } from "../../src/file-source/document/parse.ts";
import { VENDOR_FIELDS } from "../../src/file-source/document/vendor-fields.ts";

const DOC = renderConfigurationDoc();
const LINES = DOC.split("\n");
/** Without the blanks that put columns in line. */
const PLAIN = DOC.replaceAll(/ +(?=\|)/g, " ");

describe("the configuration page", () => {
  it.for(SETTING_ENTRIES)("has one line for %s, with what it means", ([name, setting]) => {
    const rows = LINES.filter((line) => line.startsWith(`| \`${name}\` `));

    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain(setting.about.replaceAll("|", String.raw`\|`));
    expect(rows[0]).toContain(setting.since);
  });

  it("says which defaults and limits a number has", () => {
    expect(PLAIN).toContain("| `TSP_MAX_BATCH_SIZE` | `10000` | 1,000 – 1,000,000 items |");
    expect(PLAIN).toContain(
      "| `TSP_HTTP_BIND_ADDRESS` | `TSP_BIND_ADDRESS:7777` | IP or IP:PORT |",
    );
    expect(PLAIN).toContain("| `API_KEY` | **required** | text |");
  });

  it.for(Object.entries(VENDOR_FIELDS))("has a row for every member of %s", ([, fields]) => {
    const members = [
      ...fields.keyPath.map(({ name }) => `keyPath.${name}`),
      ...fields.credentials
        .filter(({ kind }) => kind !== "unused")
        .map(({ name }) => `credentials.${name}`),
    ];

    for (const member of members) expect(PLAIN).toContain(`\n| \`${member}\` |`);
  });

  it("has tables whose rows have as many cells as their heads", () => {
    const rows = LINES.map((line, index) => [LINES[index - 1] ?? "", line] as const).filter(
      (pair) => pair.every((line) => line.startsWith("|")),
    );

    expect(rows.length).toBeGreaterThan(80);
    for (const [above, row] of rows) expect(cells(row)).toBe(cells(above));
  });

  it("ends with an example that the proxy serves without a problem", () => {
    const [, example = ""] = /```yaml\n([^]*)```/.exec(DOC) ?? [];
    const { model, mistakes } = parseDocument(Buffer.from(example), {
      file: "example.yaml",
      fingerprintKey: new Uint8Array(32),
    });

    expect(mistakes).toBeUndefined();
    expect(model?.problems).toEqual([]);
    expect(model?.configurations.map((record) => "type" in record && record.type)).toEqual([
      "GCP",
      "AWS",
      "AZURE",
      "THALES",
      "VAULT",
      "LOCAL",
    ]);
    expect(model?.tenants).toHaveLength(6);
  });
});

function cells(line: string): number {
  return line.split(/(?<!\\)\|/).length;
}
