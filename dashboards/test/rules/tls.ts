import { A, LABELS_OF_A, type Scenario } from "./scenario.ts";

const END = `tsp_tls_certificate_expiry_timestamp_seconds{${A}}`;
const DAY = 86_400;

export const TLS: readonly Scenario[] = [
  {
    alert: "TspCertificateExpiring",
    fires: {
      when: "the certificate has ten days left",
      series: { [END]: `${10 * DAY}x30` },
      at: "20m",
      labels: LABELS_OF_A,
      summary: "The TLS certificate of a has 9d 23h 40m 0s left",
    },
    quiet: {
      when: "it has fifteen, or was replaced in time",
      series: {
        [END]: `${15 * DAY}x30`,
        'tsp_tls_certificate_expiry_timestamp_seconds{job="tsp", instance="b"}': `${DAY}x10 ${90 * DAY}x20`,
      },
      at: "25m",
    },
  },
  {
    alert: "TspCertificateExpired",
    fires: {
      when: "the certificate ended five minutes ago",
      series: { [END]: "300x20" },
      at: "10m",
      labels: LABELS_OF_A,
      summary: "The TLS certificate of a ended 5m 0s ago",
    },
    quiet: {
      when: "it ends in a minute, and another proxy has none",
      series: { [END]: "660x20", 'tsp_ready{job="tsp", instance="b"}': "1x20" },
      at: "10m",
    },
  },
];
