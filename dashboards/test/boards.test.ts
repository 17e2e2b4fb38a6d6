import { readdirSync, readFileSync } from "node:fs";
import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import { METRICS } from "@tenant-security/metrics";
import { describe, expect, it } from "vitest";
import { buildAllMetrics } from "../src/boards/all-metrics.ts";
import { buildOverview } from "../src/boards/overview.ts";
import { expressionsOf, panelsOf, queriesOf } from "./expressions.ts";

const BOARDS: readonly Dashboard[] = [buildAllMetrics(), buildOverview()];

describe.for(BOARDS.map((board) => [board.title, board] as const))("%s", ([, board]) => {
  const all: readonly (Panel | RowPanel)[] = board.panels ?? [];

  it("has what Grafana needs to import it", () => {
    expect(board.uid).toMatch(/^[a-z-]{1,40}$/);
    expect(board.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(board.id).toBeUndefined();
    expect(board.panels).not.toHaveLength(0);
  });

  it("lets the reader choose the data source and the targets", () => {
    const variables = board.templating.list?.map(({ name, type }) => `${type} ${name}`);

    expect(variables).toEqual([
      "datasource datasource",
      "query namespace",
      "query job",
      "query instance",
    ]);
  });

  it("asks the chosen data source for everything", () => {
    const chosen = { type: "prometheus", uid: "${datasource}" };

    for (const panel of panelsOf(board)) {
      expect(panel.datasource).toEqual(chosen);
      for (const { datasource } of queriesOf(panel)) expect(datasource).toEqual(chosen);
    }
  });

  it("numbers its panels without repetition", () => {
    const ids = all.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
  });

  it("names the queries of a panel without repetition", () => {
    for (const queries of panelsOf(board).map(queriesOf)) {
      expect(new Set(queries.map(({ refId }) => refId)).size).toBe(queries.length);
    }
  });

  it("puts no panel on another one, and none beyond the edge", () => {
    const cells = all.flatMap(cellsOf);

    expect(new Set(cells).size).toBe(cells.length);
    expect(
      all.filter(({ gridPos }) => gridPos === undefined || gridPos.w * gridPos.h === 0),
    ).toEqual([]);
    expect(all.filter(({ gridPos }) => (gridPos?.x ?? 0) + (gridPos?.w ?? 0) > 24)).toEqual([]);
  });

  it("says of each panel what it shows, under a title of its own", () => {
    const titles = panelsOf(board).map(({ title }) => title);

    expect(new Set(titles).size).toBe(titles.length);
    for (const { description } of panelsOf(board)) expect(description).toMatch(/\.$/);
  });

  it("narrows every query to the chosen targets", () => {
    for (const { expression } of expressionsOf(board)) {
      if (expression.includes("ALERTS{")) continue;
      expect(expression).toContain('namespace=~"$namespace", job=~"$job", instance=~"$instance"');
    }
  });
});

const SHOWN = expressionsOf(buildAllMetrics()).map(({ expression }) => expression);

it.for(METRICS.map(({ name }) => name))("All Metrics shows %s", (name) => {
  const shown = new RegExp(String.raw`(?<!and on \(job, instance\) )\b${name}(_bucket|_count)?\{`);

  expect(SHOWN.some((expression) => shown.test(expression))).toBe(true);
});

it("leaves no file among the committed boards that nothing writes", () => {
  const written = BOARDS.map(({ uid }) => `${uid}.json`).toSorted();

  expect(readdirSync(new URL("../json/", import.meta.url)).toSorted()).toEqual(written);
});

it.for(BOARDS.map((board) => [board.title, board] as const))(
  "%s is committed as built",
  ([, board]) => {
    const file = new URL(`../json/${board.uid}.json`, import.meta.url);

    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(board)));
  },
);

/** The cells of the grid that a panel covers. */
function cellsOf({ gridPos = { x: 0, y: 0, w: 0, h: 0 } }: Panel | RowPanel): readonly string[] {
  return Array.from({ length: gridPos.w * gridPos.h }, (_, index) => {
    const column = gridPos.x + (index % gridPos.w);
    return `${column}/${gridPos.y + Math.floor(index / gridPos.w)}`;
  });
}
