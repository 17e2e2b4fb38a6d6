import { A, IS_PROXY, LABELS_OF_A, type Scenario } from "./scenario.ts";

const LAG = `tsp_event_loop_lag_seconds{${A}}`;

export const PROCESS: readonly Scenario[] = [
  {
    alert: "TspDescriptorsNearLimit",
    fires: {
      when: "900 of 1024 are open",
      series: {
        ...IS_PROXY,
        [`process_open_fds{${A}}`]: "900x10",
        [`process_max_fds{${A}}`]: "1024x10",
      },
      at: "6m",
      labels: LABELS_OF_A,
      summary: "a uses 87.89% of its file descriptors",
    },
    quiet: {
      when: "half of them are, and nearly all at a process that is no proxy",
      series: {
        ...IS_PROXY,
        [`process_open_fds{${A}}`]: "512x10",
        [`process_max_fds{${A}}`]: "1024x10",
        'process_open_fds{job="node", instance="b"}': "1000x10",
        'process_max_fds{job="node", instance="b"}': "1024x10",
      },
      at: "6m",
    },
  },
  {
    alert: "TspEventLoopHeldUp",
    fires: {
      when: "half a second is lost before every scrape",
      series: { [LAG]: "0.5x10" },
      at: "6m",
      labels: LABELS_OF_A,
      summary: "The event loop of a stops for 500ms again and again",
    },
    quiet: {
      when: "it happens once",
      series: { [LAG]: "0 2 0x10" },
      at: "6m",
    },
  },
];
