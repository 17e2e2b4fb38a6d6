import type { MetricDefinition } from "./definition.ts";

type Row = readonly [
  name: string,
  kind: MetricDefinition["kind"],
  unit: MetricDefinition["unit"],
  merge: MetricDefinition["merge"],
  help: string,
  reason: string,
];

// Those of prom-client's defaults that answer a question about this service at little cost. The
// lists of open handles and requests are left out: they cost time for each connection. The order
// matters: prom-client reads the CPU time with the first row and the heap with its first.
const ROWS: readonly Row[] = [
  [
    "process_cpu_user_seconds_total",
    "counter",
    "seconds",
    "sum",
    "CPU time spent in the program itself",
    "The proxy's own work: encryption, JSON, HTTP",
  ],
  [
    "process_cpu_system_seconds_total",
    "counter",
    "seconds",
    "sum",
    "CPU time spent in the kernel for it",
    "Rises with connections and packets rather than with keys",
  ],
  [
    "process_cpu_seconds_total",
    "counter",
    "seconds",
    "sum",
    "CPU time, user and system",
    "The proxy is bound by CPU: this is what to size and scale on",
  ],
  [
    "process_start_time_seconds",
    "gauge",
    "seconds",
    "omit",
    "When the process started, in seconds since the Unix epoch",
    "Shows restarts, also those nobody noticed",
  ],
  [
    "process_resident_memory_bytes",
    "gauge",
    "bytes",
    "sum",
    "Memory resident in RAM",
    "What the container limit is compared with",
  ],
  [
    "process_open_fds",
    "gauge",
    "1",
    "sum",
    "Open file descriptors",
    "Each client, KMS call and event reader needs one",
  ],
  [
    "process_max_fds",
    "gauge",
    "1",
    "sum",
    "Limit of open file descriptors",
    "Makes the line above a percentage",
  ],
  [
    "nodejs_heap_size_total_bytes",
    "gauge",
    "bytes",
    "sum",
    "Heap that V8 has reserved",
    "Grows first when objects leak",
  ],
  [
    "nodejs_heap_size_used_bytes",
    "gauge",
    "bytes",
    "sum",
    "Heap that holds objects",
    "A floor that rises from day to day is a leak",
  ],
  [
    "nodejs_external_memory_bytes",
    "gauge",
    "bytes",
    "sum",
    "Memory of buffers outside the heap",
    "Request bodies and queued events are held here",
  ],
];

/** Metrics of the process that prom-client collects; they have no labels. */
export const PROCESS_CATALOG: readonly MetricDefinition[] = ROWS.map(
  ([name, kind, unit, merge, help, reason]) => ({
    name,
    kind,
    group: "process",
    unit,
    help,
    reason,
    labels: {},
    merge,
  }),
);
