import type { Metrics } from "@tenant-security/metrics";
import type { HealthState } from "../health/state.ts";
import type { Overload } from "../http/overload/overload.ts";
import type { HttpObserver } from "../http/ports.ts";
import type { BreakerChange, KmsCallObservation } from "../keys/kms-client.ts";
import type { KeyCounter } from "../keys/ports.ts";

/** Counts what happens on the HTTP port; `served` are the requests that have ended. */
export function httpObserver(metrics: Metrics): HttpObserver & { readonly served: number } {
  const { requestDuration, requestsInFlight, requestsShed } = metrics;
  const { httpConnections, httpConnectionsRejected } = metrics;
  let served = 0;
  return {
    get served() {
      return served;
    },
    inFlight(endpoint, change) {
      requestsInFlight.with({ endpoint }).inc(change);
    },
    finished(endpoint, kms_type, http_code, tspCode, seconds) {
      served += 1;
      // The codes of `status.ts` are the label's closed set; a test compares the two.
      const tsp_status_code = tspCode as Parameters<
        typeof requestDuration.with
      >[0]["tsp_status_code"];
      requestDuration.with({ endpoint, kms_type, http_code, tsp_status_code }).observe(seconds);
    },
    connections(change) {
      httpConnections.inc(change);
    },
    connectionRejected() {
      httpConnectionsRejected.inc();
    },
    shed(reason) {
      requestsShed.with({ reason }).inc();
    },
  };
}

/** Shows what `/ready` answers. */
export function observeReadiness({ ready }: Metrics, health: Pick<HealthState, "answer">): void {
  ready.collect(() => Number(health.answer("ready").healthy));
}

/** Shows how near the limits are. */
export function observeOverload(metrics: Metrics, overload: Overload): void {
  const { shedder, requests, batches } = overload;
  metrics.requestsInFlightLimit.set(requests.limit);
  metrics.requestDelay.collect(() => shedder.delayMs / 1_000);
  metrics.requestShedShare.collect(() => shedder.share);
  metrics.batchItems.with({ state: "under_way" }).collect(() => batches.inside);
  metrics.batchItems.with({ state: "waiting" }).collect(() => batches.waiting);
}

export function keyCounter({ keyOperations, leaseOperations }: Metrics): KeyCounter {
  const hits = leaseOperations.with({ result: "hit" });
  const misses = leaseOperations.with({ result: "miss" });
  return {
    count(operation, times = 1) {
      keyOperations.with({ operation }).inc(times);
    },
    lookedUp(result) {
      (result === "hit" ? hits : misses).inc();
    },
  };
}

/** Times every call to a tenant's KMS. */
export function kmsObserver({ kmsRequestDuration }: Metrics): (call: KmsCallObservation) => void {
  return ({ operation, kmsType, httpCode, seconds }) => {
    kmsRequestDuration
      .with({ kms_operation: operation, kms_type: kmsType, http_code: labelOf(httpCode) })
      .observe(seconds);
  };
}

/** Follows the circuit breakers of all configurations; which one is open is for the log alone. */
export function breakerObserver(metrics: Metrics): (change: BreakerChange) => void {
  let open = 0;
  metrics.kmsBreakerOpen.collect(() => open);
  return ({ from, state }) => {
    // Two clients of one configuration, an old and a new one, may both be counted for a while.
    open += Number(state !== "closed") - Number(from !== "closed");
    const to = state === "half-open" ? "half_open" : state;
    metrics.kmsBreakerTransitions.with({ to }).inc();
  };
}

/** What vendors document; a server that a tenant runs may send any three digits it likes. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  0, 200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 501, 502, 503,
  504,
]);

/** Other codes are counted as the first of their hundred, so that nobody can invent series. */
function labelOf(httpCode: number): number {
  if (KNOWN_CODES.has(httpCode)) return httpCode;
  const hundred = Math.floor(httpCode / 100) * 100;
  return hundred >= 100 && hundred <= 500 ? hundred : 0;
}
