import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";

export interface Expression {
  /** Where it stands, for the name of a test. */
  readonly place: string;
  readonly expression: string;
  /** Labels that its legend names. */
  readonly legendLabels: readonly string[];
}

/** The panels of a board without its row titles. */
export function panelsOf({ panels = [] }: Dashboard): readonly Panel[] {
  return panels.filter((panel): panel is Panel => panel.type !== "row");
}

/** What a panel asks. The kit types queries of every data source alike, without their members. */
export function queriesOf({ targets = [] }: Panel): readonly Query[] {
  return targets as unknown as readonly Query[];
}

interface Query {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: unknown;
}

/** Every query of a board. */
export function expressionsOf(board: Dashboard): readonly Expression[] {
  return panelsOf(board).flatMap((panel) =>
    queriesOf(panel).map(({ refId, expr, legendFormat }) => ({
      place: `${board.title}: ${panel.title} ${refId}`,
      expression: expr,
      legendLabels: Array.from(legendFormat.matchAll(/{{(\w+)}}/g), ([, label = ""]) => label),
    })),
  );
}
