import { CATALOG } from "@tenant-security/metrics";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCE } from "./datasource.ts";
import { Promql } from "../promql/promql.ts";

/** Queries of all boards: narrowed by the variables, rates over what suits the zoom. */
export const query: Promql = new Promql({
  matchers: ["namespace", "job", "instance"].map((name) => `${name}=~"$${name}"`),
  window: "$__rate_interval",
});

export interface Row {
  readonly title: string;
  readonly panels: readonly (Builder<Panel> & { id(id: number): unknown })[];
}

export interface BoardOptions {
  /** Part of the board's address; never changes, so that links and imports keep working. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

const TAG = "tenant-security-proxy";

/** A board with the variables and links that all of them share. Panels flow from left to right. */
export function buildBoard({ uid, title, description, rows }: BoardOptions): Dashboard {
  const board = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .time({ from: "now-3h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder("Boards")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true),
    )
    .variables([
      new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
      targetVariable("namespace", ""),
      targetVariable("job", 'namespace=~"$namespace"'),
      targetVariable("instance", 'namespace=~"$namespace", job=~"$job"'),
    ]);
  let id = 0;
  for (const row of rows) {
    board.withRow(new RowBuilder(row.title).id(++id));
    for (const panel of row.panels) {
      panel.id(++id);
      board.withPanel(panel);
    }
  }
  return board.build();
}

/** A choice among the targets that expose our metrics; all of them at first. */
function targetVariable(name: string, matchers: string): QueryVariableBuilder {
  const values = `label_values(${CATALOG.buildInfo.name}{${matchers}}, ${name})`;
  return (
    new QueryVariableBuilder(name)
      .datasource(DATASOURCE)
      .query({ query: values, refId: "values" })
      .definition(values)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .multi(true)
      .includeAll(true)
      // Outside Kubernetes there is no namespace, and "all" has to match that, too.
      .allValue(".*")
      .current({ text: ["All"], value: ["$__all"] })
  );
}
