import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as HeatmapBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { DATASOURCE } from "./datasource.ts";

export interface Line {
  readonly expression: string;
  /** Grafana's template over labels, such as `{{endpoint}}`. */
  readonly legend: string;
}

export interface PanelOptions {
  readonly title: string;
  readonly description: string;
  /** A unit of Grafana, such as `s` or `reqps`. */
  readonly unit: string;
  /** Columns out of 24; 8 if not given. */
  readonly span?: number;
  /** Shown instead of "No data", where that is good news. */
  readonly nothing?: string;
}

export interface LinesOptions extends PanelOptions {
  readonly lines: readonly Line[];
  readonly stacked?: boolean;
  /** Where an alert begins; drawn as a dashed line. */
  readonly limit?: number;
  /** Highest value there can be, such as 1 for a share. */
  readonly max?: number;
}

/** Values over time. */
export function lines(options: LinesOptions): LinesBuilder {
  const { title, description, unit, span = 8, stacked = false, limit, max } = options;
  const panel = new LinesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(span)
    .height(8)
    .min(0)
    .fillOpacity(stacked ? 40 : 10)
    .gradientMode(GraphGradientMode.Opacity)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(tooltip())
    .targets(options.lines.map(target));
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (options.nothing !== undefined) panel.noValue(options.nothing);
  if (max !== undefined) panel.max(max);
  if (limit !== undefined) {
    panel
      .thresholds(steps([limit]))
      .thresholdsStyle(
        new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
      );
  }
  return panel;
}

export interface FigureOptions extends PanelOptions {
  readonly expression: string;
  /** Where it turns red, or yellow and red. */
  readonly limits?: readonly number[];
}

/** One number, with its course in the background. */
export function figure(options: FigureOptions): StatBuilder {
  const { title, description, unit, span = 4, expression, limits = [], nothing } = options;
  const panel = new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(span)
    .height(4)
    .thresholds(steps(limits))
    .colorMode(limits.length > 0 ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .targets([target({ expression, legend: title }, 0)]);
  return nothing === undefined ? panel : panel.noValue(nothing);
}

export interface HeatmapOptions extends PanelOptions {
  /** Rates of buckets, by `le`. */
  readonly expression: string;
}

/** How a histogram's values are spread, over time. */
export function heatmap({
  title,
  description,
  unit,
  span = 8,
  expression,
}: HeatmapOptions): HeatmapBuilder {
  return new HeatmapBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(span)
    .height(8)
    .withTarget(target({ expression, legend: "{{le}}" }, 0).format(PromQueryFormat.Heatmap));
}

/** All values at the pointer, the highest first. */
function tooltip(): VizTooltipOptionsBuilder {
  // oxlint-disable-next-line unicorn/no-array-sort -- a builder, not an array
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

function target({ expression, legend }: Line, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCodePoint(65 + index))
    .datasource(DATASOURCE)
    .expr(expression)
    .legendFormat(legend)
    .range();
}

/** Green, then yellow where there are two limits, then red. */
function steps(limits: readonly number[]): ThresholdsConfigBuilder {
  const colors = limits.length > 1 ? ["yellow", "red"] : ["red"];
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: "green" },
      ...limits.map((value, index) => ({ value, color: colors[index] ?? "red" })),
    ]);
}
