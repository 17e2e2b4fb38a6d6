import { CATALOG, PROCESS_CATALOG } from "@tenant-security/metrics";
import { LIMITS } from "../../rules/limits.ts";
import { query, type Row } from "../board.ts";
import { lines } from "../panels.ts";
import { describe } from "../views.ts";

const legend = "{{instance}}";

export const PROCESS_ROW: Row = {
  title: "Processes",
  panels: [
    lines({
      title: "CPUs in use",
      description: describe(PROCESS_CATALOG.cpu),
      unit: "short",
      lines: [{ expression: query.rateBy(PROCESS_CATALOG.cpu, ["instance"]), legend }],
    }),
    lines({
      title: "Memory",
      description: describe(PROCESS_CATALOG.residentMemory),
      unit: "bytes",
      lines: [{ expression: query.series(PROCESS_CATALOG.residentMemory), legend }],
    }),
    lines({
      title: "Event loop held up",
      description: describe(CATALOG.eventLoopLag),
      unit: "s",
      limit: LIMITS.eventLoopLagSeconds,
      lines: [{ expression: query.series(CATALOG.eventLoopLag), legend }],
    }),
    lines({
      title: "File descriptors, share in use",
      description: describe(PROCESS_CATALOG.openDescriptors),
      unit: "percentunit",
      max: 1,
      limit: LIMITS.descriptorShare,
      lines: [
        {
          expression: `${query.series(PROCESS_CATALOG.openDescriptors)} / ${query.series(PROCESS_CATALOG.maxDescriptors)}`,
          legend,
        },
      ],
    }),
    lines({
      title: "Connections",
      description: describe(CATALOG.httpConnections),
      unit: "short",
      lines: [
        { expression: query.series(CATALOG.httpConnections), legend },
        {
          expression: query.increaseBy(CATALOG.httpConnectionsRejected, ["instance"]),
          legend: "rejected, {{instance}}",
        },
      ],
    }),
    lines({
      title: "Ready",
      description: describe(CATALOG.ready),
      unit: "short",
      max: 1,
      lines: [{ expression: query.series(CATALOG.ready), legend }],
    }),
    lines({
      title: "TLS certificate, time left",
      description: describe(CATALOG.tlsCertificateExpiry),
      unit: "s",
      nothing: "no TLS",
      lines: [{ expression: `${query.series(CATALOG.tlsCertificateExpiry)} - time()`, legend }],
    }),
    lines({
      title: "Versions",
      description: describe(CATALOG.buildInfo),
      unit: "short",
      stacked: true,
      lines: [
        {
          expression: `count by (version) (${query.series(CATALOG.buildInfo)})`,
          legend: "{{version}}",
        },
      ],
    }),
    lines({
      title: "Workers",
      description: describe(CATALOG.workers),
      unit: "short",
      lines: [{ expression: query.series(CATALOG.workers), legend }],
    }),
    lines({
      title: "Workers that ended",
      description: describe(CATALOG.workerRestarts),
      unit: "short",
      lines: [{ expression: query.increaseBy(CATALOG.workerRestarts, ["instance"]), legend }],
    }),
    lines({
      title: "Time since the start",
      description: describe(PROCESS_CATALOG.startTime),
      unit: "s",
      lines: [{ expression: `time() - ${query.series(PROCESS_CATALOG.startTime)}`, legend }],
    }),
  ],
};
