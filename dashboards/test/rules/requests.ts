import { A, LABELS_OF_A, type Scenario } from "./scenario.ts";

const counted = (code: number, http: number) =>
  `tsp_request_duration_seconds_count{${A}, endpoint="/api/1/document/wrap", http_code="${http}", tsp_status_code="${code}"}`;
const bucket = (endpoint: string, le: string) =>
  `tsp_request_duration_seconds_bucket{${A}, endpoint="/api/1/document/${endpoint}", le="${le}"}`;
const slow = (endpoint: string) => ({
  [bucket(endpoint, "1")]: "0+90x30",
  [bucket(endpoint, "2.5")]: "0+100x30",
  [bucket(endpoint, "+Inf")]: "0+100x30",
});
const inFlight = (endpoint: string) =>
  `tsp_requests_in_flight{${A}, endpoint="/api/1/document/${endpoint}"}`;
const shed = (reason: string) => `tsp_requests_shed_total{${A}, reason="${reason}"}`;
const REJECTED = `tsp_http_connections_rejected_total{${A}}`;

export const REQUESTS: readonly Scenario[] = [
  {
    alert: "TspInternalErrors",
    fires: {
      when: "six in a hundred requests end with code 100 and HTTP 500",
      series: { [counted(0, 200)]: "0+94x20", [counted(100, 500)]: "0+6x20" },
      at: "10m",
      labels: { job: "tsp" },
      summary: "6% of all requests end with an internal error",
    },
    quiet: {
      when: "one in two hundred does, and many are turned away for want of room",
      series: {
        [counted(0, 200)]: "0+199x20",
        [counted(100, 500)]: "0+1x20",
        [counted(100, 503)]: "0+50x20",
      },
      at: "10m",
    },
  },
  {
    alert: "TspRequestsSlow",
    fires: {
      when: "a tenth of the wraps takes more than a second",
      series: slow("wrap"),
      at: "15m",
      labels: { job: "tsp", endpoint: "/api/1/document/wrap" },
      summary: "One in a hundred requests to /api/1/document/wrap takes 2.35s or more",
    },
    quiet: {
      when: "a tenth of the batches does",
      series: slow("batch-wrap"),
      at: "15m",
    },
  },
  {
    alert: "TspSaturated",
    fires: {
      when: "twenty-four requests are in flight for a quarter of an hour",
      series: { [inFlight("wrap")]: "12x30", [inFlight("unwrap")]: "12x30" },
      at: "20m",
      labels: LABELS_OF_A,
      summary: "a has 24 requests in flight all the time",
    },
    quiet: {
      when: "there are more for five minutes only",
      series: { [inFlight("wrap")]: "3x3 40x5 3x20" },
      at: "12m",
    },
  },
  {
    alert: "TspRequestsDelayed",
    fires: {
      when: "each scrape finds requests that waited 200 ms",
      series: { [`tsp_request_delay_seconds{${A}}`]: "0.2x10" },
      at: "6m",
      labels: LABELS_OF_A,
      summary: "Requests wait 200ms before a looks at them",
    },
    quiet: {
      when: "one scrape in two does",
      series: { [`tsp_request_delay_seconds{${A}}`]: "0.2 0 0.2 0 0.2 0 0.2 0 0.2 0 0.2" },
      at: "10m",
    },
  },
  {
    alert: "TspRequestsShed",
    fires: {
      when: "half a request a second is turned away for one reason",
      series: { [shed("delay")]: "0+30x20", [shed("in_flight")]: "0x20" },
      at: "10m",
      labels: { job: "tsp", reason: "delay" },
      summary: "500m requests a second are turned away: delay",
    },
    quiet: {
      when: "twenty were in a burst",
      series: { [shed("in_flight")]: "0x5 20x20" },
      at: "9m",
    },
  },
  {
    alert: "TspUnauthorized",
    fires: {
      when: "two requests a second have a wrong key",
      series: { [counted(101, 401)]: "0+120x30" },
      at: "15m",
      labels: { job: "tsp" },
      summary: "2 requests a second come with a wrong API key",
    },
    quiet: {
      when: "one in two seconds has, and most have the right one",
      series: { [counted(101, 401)]: "0+30x30", [counted(0, 200)]: "0+6000x30" },
      at: "15m",
    },
  },
  {
    alert: "TspConnectionsRejected",
    fires: {
      when: "ten connections were closed at once",
      series: { [REJECTED]: "0x5 10x5" },
      at: "8m",
      labels: LABELS_OF_A,
      summary: "a closed about 10 connections within 5 minutes",
    },
    quiet: {
      when: "that was long ago",
      series: { [REJECTED]: "0x5 10x30" },
      at: "20m",
    },
  },
];
