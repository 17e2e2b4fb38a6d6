import { A, LABELS_OF_A, type Scenario } from "./scenario.ts";

const FAILURES = `tsp_real_time_security_event_failures_total{${A}}`;
const LENGTH = `tsp_event_queue_length{${A}}`;
const CAPACITY = `tsp_event_queue_capacity{${A}}`;

export const EVENTS: readonly Scenario[] = [
  {
    alert: "TspSecurityEventsLost",
    fires: {
      when: "three are lost",
      series: { [FAILURES]: "0x5 3x20" },
      at: "7m",
      labels: { job: "tsp" },
      summary: "About 3 security events were lost within 15 minutes",
    },
    quiet: {
      when: "that was long ago",
      series: { [FAILURES]: "0x5 3x60" },
      at: "30m",
    },
  },
  {
    alert: "TspSecurityEventsFailing",
    fires: {
      when: "two a second are lost",
      series: { [FAILURES]: "0+120x20" },
      at: "10m",
      labels: { job: "tsp" },
      summary: "2 security events a second are lost",
    },
    quiet: {
      when: "one in two seconds is",
      series: { [FAILURES]: "0+30x20" },
      at: "10m",
    },
  },
  {
    alert: "TspEventQueueFilling",
    fires: {
      when: "there is hardly any room left",
      series: { [LENGTH]: "24000x5", [CAPACITY]: "25000x5" },
      at: "2m",
      labels: LABELS_OF_A,
      summary: "The event queue of a is 96% full",
    },
    quiet: {
      when: "events are off, and at another proxy there is room",
      series: {
        [LENGTH]: "0x5",
        [CAPACITY]: "0x5",
        'tsp_event_queue_length{job="tsp", instance="b"}': "20000x5",
        'tsp_event_queue_capacity{job="tsp", instance="b"}': "25000x5",
      },
      at: "2m",
    },
  },
];
