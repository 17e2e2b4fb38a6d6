import { readFileSync } from "node:fs";

/** What POSIX guarantees nowhere and every Linux default has been for decades. */
const USUAL_LIMIT = 1024;

/** Kept for files, event readers, probes and connections that are just being turned away. */
const RESERVED = 384;

/** One KMS call may need a socket for the KMS and one for its token endpoint. */
const SOCKETS_PER_CALL = 2;

const LEAST = { calls: 16, clients: 16, connections: 64 };
const MOST_CALLS = 4_096;

export interface DescriptorBudget {
  /** Soft limit of open files of this process. */
  readonly descriptors: number;
  /** KMS calls that may be under way at once, over all configurations. */
  readonly kmsCalls: number;
  /** KMS clients that may keep an idle connection. */
  readonly kmsClients: number;
  /** Connections to all KMS and their token endpoints, idle ones among them. */
  readonly kmsSockets: number;
  /** Connections of callers. */
  readonly connections: number;
}

/** Soft limit of open files, from `/proc`; the usual default where there is none. */
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
 * Divides what the limit leaves between callers and KMS, so that neither can run the process out of
 * descriptors: an eighth for calls under way, a quarter for clients with idle connections.
 */
export function descriptorBudget(
  descriptors: number,
  wanted: Pick<DescriptorBudget, "kmsClients" | "connections">,
): DescriptorBudget {
  const free = Math.max(descriptors - RESERVED, 0);
  const kmsCalls = between(LEAST.calls, Math.floor(free / 8), MOST_CALLS);
  const kmsClients = between(LEAST.clients, Math.floor(free / 4), wanted.kmsClients);
  const kmsSockets = kmsCalls * SOCKETS_PER_CALL + kmsClients;
  const connections = between(LEAST.connections, free - kmsSockets, wanted.connections);
  return { descriptors, kmsCalls, kmsClients, kmsSockets, connections };
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
