import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
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
  /** Columns out of 24. Default: 8, for a figure 4. */
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
  const { stacked = false, limit, max } = options;
  const panel = framed(new LinesBuilder(), 8, { span: 8, ...options })
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
  const { title, expression, limits = [] } = options;
  return framed(new StatBuilder(), 4, { span: 4, ...options })
    .thresholds(steps(limits))
    .colorMode(limits.length > 0 ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .targets([target({ expression, legend: title }, 0)]);
}

export interface HeatmapOptions extends PanelOptions {
  /** Rates of buckets, by `le`. */
  readonly expression: string;
}

/** How a histogram's values are spread, over time. */
export function heatmap(options: HeatmapOptions): HeatmapBuilder {
  const buckets = target({ expression: options.expression, legend: "{{le}}" }, 0);
  return framed(new HeatmapBuilder(), 8, { span: 8, ...options }).withTarget(
    buckets.format(PromQueryFormat.Heatmap),
  );
}

/** What the builders of all panels have in common. */
interface Frame {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  unit(unit: string): this;
  span(columns: number): this;
  height(rows: number): this;
  noValue(text: string): this;
}

function framed<P extends Frame>(
  panel: P,
  height: number,
  { title, description, unit, span, nothing }: PanelOptions & { readonly span: number },
): P {
  panel.title(title).description(description).datasource(DATASOURCE).unit(unit);
  panel.span(span).height(height);
  return nothing === undefined ? panel : panel.noValue(nothing);
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
