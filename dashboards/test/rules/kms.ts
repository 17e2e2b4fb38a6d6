import { A, LABELS_OF_A, type Scenario } from "./scenario.ts";

const calls = (type: string, code: number) =>
  `tsp_kms_request_duration_seconds_count{${A}, kms_operation="wrap", kms_type="${type}", http_code="${code}"}`;
const bucket = (le: string) =>
  `tsp_kms_request_duration_seconds_bucket{${A}, kms_operation="wrap", kms_type="AZURE", http_code="200", le="${le}"}`;
const lookups = (result: string) => `tsp_lease_operations_total{${A}, result="${result}"}`;
const revoked = (reason: string) => `tsp_lease_revocations_total{${A}, reason="${reason}"}`;
const OPEN = `tsp_kms_breaker_open{${A}}`;

export const KMS: readonly Scenario[] = [
  {
    alert: "TspKmsErrors",
    fires: {
      when: "one in five calls gets no answer",
      series: { [calls("AWS", 200)]: "0+80x30", [calls("AWS", 0)]: "0+20x30" },
      at: "15m",
      labels: { job: "tsp", kms_type: "AWS" },
      summary: "20% of the calls to AWS fail",
    },
    quiet: {
      when: "one in twenty does, and all succeed at another vendor",
      series: {
        [calls("AWS", 200)]: "0+95x30",
        [calls("AWS", 0)]: "0+5x30",
        [calls("GCP", 200)]: "0+1x30",
      },
      at: "15m",
    },
  },
  {
    alert: "TspKmsSlow",
    fires: {
      when: "a tenth of the calls takes more than 2.5 seconds",
      series: {
        [bucket("2.5")]: "0+90x30",
        [bucket("5")]: "0+100x30",
        [bucket("+Inf")]: "0+100x30",
      },
      at: "15m",
      labels: { job: "tsp", kms_type: "AZURE" },
      summary: "One in a hundred calls to AZURE takes 4.75s or more",
    },
    quiet: {
      when: "fewer than one in a hundred does",
      series: {
        [bucket("1")]: "0+995x30",
        [bucket("5")]: "0+1000x30",
        [bucket("+Inf")]: "0+1000x30",
      },
      at: "15m",
    },
  },
  {
    alert: "TspBreakerOpen",
    fires: {
      when: "breakers open again after each attempt",
      series: { [OPEN]: "2 0 2 0 2 0 2 0 2 0 2" },
      at: "8m",
      labels: LABELS_OF_A,
      summary: "a does not reach the KMS of 2 configurations",
    },
    quiet: {
      when: "they opened once",
      series: { [OPEN]: "0 2 0x20" },
      at: "7m",
    },
  },
  {
    alert: "TspLeaseMisses",
    fires: {
      when: "six in ten look-ups miss",
      series: { [lookups("miss")]: "0+60x60", [lookups("hit")]: "0+40x60" },
      at: "45m",
      labels: { job: "tsp" },
      summary: "60% of the look-ups of leased keys miss",
    },
    quiet: {
      when: "all did after a start, and hardly any since",
      series: { [lookups("miss")]: "0+60x5 300x60", [lookups("hit")]: "0x5 0+400x60" },
      at: "45m",
    },
  },
  {
    alert: "TspLeasesRevoked",
    fires: {
      when: "access to eight is denied at once",
      series: { [revoked("access_denied")]: "0x5 8x20" },
      at: "15m",
      labels: LABELS_OF_A,
      summary: "The KMS took back about 8 leased keys of a",
    },
    quiet: {
      when: "two are revoked, and fifty belong to changed configurations",
      series: {
        [revoked("key_unavailable")]: "0x5 2x20",
        [revoked("configuration_changed")]: "0x5 50x20",
      },
      at: "15m",
    },
  },
];
