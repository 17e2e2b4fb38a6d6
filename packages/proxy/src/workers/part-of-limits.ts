import type { Settings } from "../config/settings.ts";

/** Parts smaller than this would turn calls away at one worker while another one is idle. */
const LEAST_PART = 4;

/** Whether the workers have one limit of KMS calls together, because it is too small to be divided. */
export function shareLimits({ kms }: Settings, workers: number): boolean {
  return Math.min(kms.concurrency, kms.queueSize) < workers * LEAST_PART;
}

/**
 * The settings of one of several workers: what the whole proxy may do at once is divided among them,
 * so that a tenant's KMS sees no more calls than from a single process. Connections are handed out
 * in turn, so the parts are used alike. Limits that they share stay whole.
 */
export function partOfLimits(settings: Settings, slot: number, workers: number): Settings {
  if (shareLimits(settings, workers)) return settings;
  const part = (whole: number): number =>
    Math.floor(whole / workers) + (slot < whole % workers ? 1 : 0);
  const { kms } = settings;
  return {
    ...settings,
    kms: { ...kms, concurrency: part(kms.concurrency), queueSize: part(kms.queueSize) },
  };
}
