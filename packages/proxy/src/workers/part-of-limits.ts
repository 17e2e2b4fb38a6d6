import type { Settings } from "../config/settings.ts";

/**
 * The settings of one of several workers: what the whole proxy may do at once is divided among them,
 * so that a tenant's KMS sees no more calls than from a single process. Connections are handed out
 * in turn, so the parts are used alike. Nobody's part is less than one.
 */
export function partOfLimits(settings: Settings, slot: number, workers: number): Settings {
  const part = (whole: number): number => {
    const least = Math.floor(whole / workers);
    return Math.max(1, least + (slot < whole % workers ? 1 : 0));
  };
  const { kms } = settings;
  return {
    ...settings,
    kms: {
      ...kms,
      concurrency: part(kms.concurrency),
      queueSize: partOfQueue(kms.queueSize, part),
    },
  };
}

/** A queue that holds nobody stays so. */
function partOfQueue(size: number, part: (whole: number) => number): number {
  return size === 0 ? 0 : part(size);
}
