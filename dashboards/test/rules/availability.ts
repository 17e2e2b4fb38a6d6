import { A, IS_PROXY, LABELS_OF_A, type Scenario } from "./scenario.ts";

export const AVAILABILITY: readonly Scenario[] = [
  {
    alert: "TspInstanceDown",
    fires: {
      when: "a proxy stops answering and stays a target",
      series: {
        [`up{${A}}`]: "1x5 0x10",
        [`tsp_build_info{${A}, version="1"}`]: "1x5 _x10",
      },
      at: "11m",
      labels: LABELS_OF_A,
      summary: "a does not answer scrapes",
    },
    quiet: {
      when: "some other target is down, and a proxy is no target any more",
      series: {
        'up{job="node", instance="b"}': "0x20",
        [`up{${A}}`]: "1x5 stale",
        [`tsp_build_info{${A}, version="1"}`]: "1x5 stale",
      },
      at: "20m",
    },
  },
  {
    alert: "TspNoneReady",
    fires: {
      when: "every proxy of a deployment says so, and another deployment is well",
      series: {
        ...IS_PROXY,
        [`tsp_ready{${A}}`]: "0x20",
        'tsp_build_info{job="staging", instance="b", version="1"}': "1x20",
        'tsp_ready{job="staging", instance="b"}': "1x20",
      },
      at: "10m",
      labels: { job: "tsp" },
      summary: "No proxy of tsp is ready",
    },
    quiet: {
      when: "one of two is, with a configuration as old as it was set to be allowed",
      series: {
        ...IS_PROXY,
        [`tsp_ready{${A}}`]: "0x20",
        'tsp_ready{job="tsp", instance="b"}': "1x20",
        'tsp_kms_last_config_refresh_timestamp_seconds{job="tsp", instance="b"}': "-100000x20",
      },
      at: "10m",
    },
  },
  {
    alert: "TspNoneReady",
    fires: {
      when: "workers end again and again under a fresh configuration",
      series: {
        ...IS_PROXY,
        [`tsp_ready{${A}}`]: "1x5 0x20",
        [`tsp_kms_last_config_refresh_timestamp_seconds{${A}}`]: "0x30",
      },
      at: "9m",
      labels: { job: "tsp" },
      summary: "No proxy of tsp is ready",
    },
    quiet: {
      when: "a proxy is restarted within two minutes",
      series: {
        [`tsp_build_info{${A}, version="1"}`]: "1x5 stale 1x10",
        [`tsp_ready{${A}}`]: "1x5 stale 1x10",
      },
      at: "7m",
    },
  },
  {
    alert: "TspNoneReady",
    fires: {
      when: "Prometheus has never seen a proxy",
      series: { 'up{job="node", instance="b"}': "1x20" },
      at: "3m",
      labels: {},
      summary: "No proxy is ready",
    },
    quiet: {
      when: "all are ready but one that does not answer scrapes",
      series: {
        [`tsp_build_info{${A}, version="1"}`]: "1x5 stale",
        [`tsp_ready{${A}}`]: "1x5 stale",
        'tsp_build_info{job="tsp", instance="b", version="1"}': "1x20",
        'tsp_ready{job="tsp", instance="b"}': "1x20",
      },
      at: "15m",
    },
  },
  {
    alert: "TspRestarting",
    fires: {
      when: "it starts twice more within minutes",
      series: { ...IS_PROXY, [`process_start_time_seconds{${A}}`]: "100x3 200x3 300x10" },
      at: "8m",
      labels: LABELS_OF_A,
      summary: "a started 2 times within 15 minutes",
    },
    quiet: {
      when: "it starts once, and some other process over and over",
      series: {
        ...IS_PROXY,
        [`process_start_time_seconds{${A}}`]: "100x3 200x10",
        'process_start_time_seconds{job="node", instance="b"}': "1+60x20",
      },
      at: "8m",
    },
  },
  {
    alert: "TspWorkersRestarting",
    fires: {
      when: "four end within a quarter of an hour",
      series: { [`tsp_worker_restarts_total{${A}}`]: "0x5 4x20" },
      at: "15m",
      labels: LABELS_OF_A,
      summary: "Worker processes of a ended about 4 times within 15 minutes",
    },
    quiet: {
      when: "one does",
      series: { [`tsp_worker_restarts_total{${A}}`]: "0x5 1x20" },
      at: "10m",
    },
  },
];
