import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";

/** The Prometheus that whoever looks has chosen. */
export const DATASOURCE: DataSourceRef = { type: "prometheus", uid: "${datasource}" };
