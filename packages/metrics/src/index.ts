export { CATALOG } from "./catalog.ts";
export type {
  LabelsOf,
  MergeRule,
  MetricDefinition,
  MetricGroup,
  MetricKind,
} from "./definition.ts";
export { METRICS, renderMetricsDoc } from "./docs.ts";
export type { Instruments, Labelled } from "./instruments.ts";
export {
  type ClosedSet,
  isLabelValue,
  LABEL_VALUES,
  type LabelValue,
  type OpenSet,
} from "./labels.ts";
export {
  createMetrics,
  type Metrics,
  type MetricsOptions,
  type MetricsSnapshot,
  lastingOf,
  mergeSnapshots,
  scrapeMerged,
} from "./metrics.ts";
export type { Mirror } from "./mirror.ts";
export { MIRROR_BYTES } from "./mirror-layout.ts";
export { readMirror } from "./mirror-reader.ts";
export { PROCESS_CATALOG } from "./process-catalog.ts";
export { updated } from "./updated.ts";
export type { CounterSeries, GaugeSeries, HistogramSeries } from "./series.ts";
