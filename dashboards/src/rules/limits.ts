/** Where alerts begin. Boards draw the same numbers. */
export const LIMITS = {
  /** Refreshes are due every ten minutes. */
  configStaleSeconds: 3_600,
  /** Four hours before a proxy with the default `TSP_CONFIG_MAX_AGE_MS` stops serving. */
  configExpiringSeconds: 72_000,
  /** One may end; more have a reason in common. */
  workerRestarts: 1.5,
  /** Two weeks: whatever renews certificates by itself has done so a good while before. */
  certificateExpiringSeconds: 1_209_600,
  tenantsGoneShare: 0.2,
  eventFailuresPerSecond: 1,
  eventQueueShare: 0.8,
  kmsErrorShare: 0.1,
  kmsSlowSeconds: 2,
  leaseMissShare: 0.5,
  leasesRevoked: 5,
  internalErrorShare: 0.01,
  requestSlowSeconds: 1,
  /** Four times what the autoscaler aims at, so it has nothing left to add. */
  inFlight: 18,
  unauthorizedPerSecond: 1,
  shedPerSecond: 0.1,
  /** A fifth of the default of `TSP_OVERLOAD_DELAY_MS`, above which requests are refused. */
  requestDelaySeconds: 0.1,
  descriptorShare: 0.8,
  eventLoopLagSeconds: 0.2,
} as const;
