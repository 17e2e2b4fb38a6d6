import { A, LABELS_OF_A, type Scenario } from "./scenario.ts";

const LAST_REFRESH = `tsp_kms_last_config_refresh_timestamp_seconds{${A}}`;
const FAILURES = `tsp_config_refresh_failures_total{${A}}`;

export const CONFIGURATION: readonly Scenario[] = [
  {
    alert: "TspConfigStale",
    fires: {
      when: "the last refresh is more than an hour ago",
      series: { [LAST_REFRESH]: "0x80" },
      at: "66m",
      labels: LABELS_OF_A,
      summary: "a works with a configuration of 1h 6m 0s ago",
    },
    quiet: {
      when: "it is an hour ago just now",
      series: { [LAST_REFRESH]: "0x80" },
      at: "60m",
    },
  },
  {
    alert: "TspConfigExpiring",
    fires: {
      when: "the last refresh is more than twenty hours ago",
      series: { [LAST_REFRESH]: "-70000x60" },
      at: "39m",
      labels: LABELS_OF_A,
      summary: "a stops serving soon: its configuration is 20h 5m 40s old",
    },
    quiet: {
      when: "it is not quite twenty hours ago",
      series: { [LAST_REFRESH]: "-70000x60" },
      at: "33m",
    },
  },
  {
    alert: "TspConfigRefreshFailing",
    fires: {
      when: "one refresh after another fails",
      series: { [FAILURES]: "0x1 1x9 2x9 3x9 4x9" },
      at: "24m",
      labels: LABELS_OF_A,
      summary: "a cannot refresh its configuration",
    },
    quiet: {
      when: "one refresh failed and the next did not",
      series: { [FAILURES]: "0x1 1x40" },
      at: "17m",
    },
  },
  {
    alert: "TspConfigurationsUnusable",
    fires: {
      when: "two stay unusable",
      series: { [`tsp_kms_configurations_unusable{${A}}`]: "2x30" },
      at: "15m",
      labels: LABELS_OF_A,
      summary: "2 KMS configurations of a cannot be used as written",
    },
    quiet: {
      when: "they were corrected",
      series: { [`tsp_kms_configurations_unusable{${A}}`]: "2x10 0x20" },
      at: "16m",
    },
  },
  {
    alert: "TspTenantsGone",
    fires: {
      when: "three in ten tenants are gone at once",
      series: { [`tsp_tenants{${A}}`]: "100x10 70x20" },
      at: "17m",
      labels: LABELS_OF_A,
      summary: "a lost 30% of its tenants within an hour",
    },
    quiet: {
      when: "one in ten is, and another proxy has none at all",
      series: {
        [`tsp_tenants{${A}}`]: "100x10 90x20",
        'tsp_tenants{job="tsp", instance="b"}': "0x30",
      },
      at: "17m",
    },
  },
];
