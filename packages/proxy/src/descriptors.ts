import { readFileSync } from "node:fs";

/** What POSIX guarantees nowhere and every Linux default has been for decades. */
const USUAL_LIMIT = 1024;

/** Descriptors kept for files, event readers, health and everything else that is not a KMS call. */
const RESERVED = 128;

/** Soft limit of open files of this process, from `/proc`; the usual default where there is none. */
export function descriptorLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
    if (soft === "unlimited") return Number.MAX_SAFE_INTEGER;
    return soft === undefined ? USUAL_LIMIT : Number(soft);
  } catch {
    return USUAL_LIMIT;
  }
}

/**
 * How many KMS calls may be under way at once, over all configurations: a quarter of what the
 * limit leaves, since one call may hold a socket for the KMS and one for its token endpoint, and
 * the callers' own connections need descriptors too.
 */
export function kmsCallLimit(descriptors: number): number {
  const free = Math.max(descriptors - RESERVED, 64);
  return Math.min(Math.max(Math.floor(free / 4), 16), 4_096);
}
