import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { buildBoard } from "./board.ts";
import { CONFIGURATION_ROW, EVENTS_ROW } from "./overview/configuration-and-events.ts";
import { KMS_ROW, LEASES_ROW } from "./overview/kms-and-leases.ts";
import { PROCESS_ROW } from "./overview/process.ts";
import { SUMMARY_ROW, TRAFFIC_ROW } from "./overview/traffic.ts";

/** The board to look at first: is it well, and if not, which part is to blame. */
export function buildOverview(): Dashboard {
  return buildBoard({
    uid: "tsp-overview",
    title: "TSP - Overview",
    description:
      "Is the proxy well, and if not, which part is to blame? Dashed lines are where alerts begin.",
    rows: [
      SUMMARY_ROW,
      TRAFFIC_ROW,
      KMS_ROW,
      CONFIGURATION_ROW,
      EVENTS_ROW,
      LEASES_ROW,
      PROCESS_ROW,
    ],
  });
}
