import type { MetricsSnapshot } from "@tenant-security/metrics";
import type { Scrape } from "../http/ports.ts";
import type { TlsPair } from "../http/server/tls.ts";
import type { GateRefusal } from "../keys/gate.ts";
import type { PlainError } from "./plain-error.ts";

/** What a worker needs to know before everything else. */
export interface Beginning {
  /** 0 … `workers` - 1; a worker that replaces another one has its number. */
  readonly slot: number;
  readonly workers: number;
}

/** A piece of the tenants' image; the last one makes the version complete. */
export interface ImagePart {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** Room in the event queue: so many events, so many bytes. */
export interface Room {
  readonly events: number;
  readonly bytes: number;
}

/** What a worker counted, and how many lines it had written to its event pipe by then. */
export interface WorkerState {
  readonly metrics: MetricsSnapshot;
  readonly lines: number;
}

/** A key that only workers can open. */
export interface SealedKey {
  readonly sealed: Uint8Array;
  readonly leaseId: number;
  readonly wrapped: Uint8Array;
  readonly bound: boolean;
  readonly verified: boolean;
  readonly ageMs: number;
}

export interface KeyQuestion {
  readonly name: string;
  /** A lease to wrap with, or a key that is only opened. */
  readonly kind: "lease" | "opened";
  /** The id of the lease that has to go; 0 for none. */
  readonly replaces: number;
}

/** The key; or: make it, and tell under this ticket. */
export type KeyAnswer = { readonly key: SealedKey } | { readonly ticket: number };

/** A call to the KMS of this name, under a number of the worker's own. */
export interface PermitQuestion {
  readonly name: string;
  readonly ticket: number;
}

/** Why the call may not begin; undefined: it may. */
export interface PermitAnswer {
  readonly refused: GateRefusal | undefined;
}

export interface KeyFailure {
  readonly ticket: number;
  readonly error: PlainError;
}

/** What the primary asks of a worker. */
export interface ToWorker {
  readonly begin: readonly [Beginning, null];
  /** Keeps it beside the configuration in use. */
  readonly prepare: readonly [ImagePart, null];
  /** Uses what was prepared from now on. */
  readonly commit: readonly [{ readonly version: number }, null];
  /** Asks every KMS about the keys in use. */
  readonly recheck: readonly [null, null];
  /** Whether the configuration is too old to be used, and what to tell callers. */
  readonly stale: readonly [{ readonly reason: PlainError | undefined }, null];
  /** Gets ready for connections, under the certificate that the proxy has. */
  readonly serve: readonly [{ readonly tls: TlsPair | undefined }, null];
  /** A certificate in place of the one before. */
  readonly certificate: readonly [TlsPair, null];
  readonly ping: readonly [null, null];
  readonly state: readonly [null, WorkerState];
  readonly eventsFull: readonly [{ readonly full: boolean }, null];
  /** Gives back the room that no event needs yet. */
  readonly returnRoom: readonly [null, Room];
  readonly startDraining: readonly [null, null];
  /** Answers nothing before `drain`. */
  readonly hold: readonly [null, null];
  readonly drain: readonly [{ readonly deadlineMs: number }, { readonly cut: boolean }];
  /** The last call: wipes keys, sends the last events. The worker ends after its answer. */
  readonly close: readonly [{ readonly deadlineMs: number }, WorkerState];
}

/** What a worker asks of the primary. */
export interface ToPrimary {
  readonly scrape: readonly [null, Scrape];
  /** Room for at least so much, or what there is. */
  readonly room: readonly [Room, Room];
  readonly key: readonly [KeyQuestion, KeyAnswer];
  readonly keyMade: readonly [{ readonly ticket: number; readonly key: SealedKey }, null];
  readonly keyFailed: readonly [KeyFailure, null];
  readonly withdraw: readonly [{ readonly name: string; readonly leaseId: number }, null];
  /** Asked only where all workers share one limit of KMS calls; answered when the call may begin. */
  readonly permit: readonly [PermitQuestion, PermitAnswer];
  /** That call is over, or nobody waits for its permit any more. */
  readonly permitOver: readonly [{ readonly ticket: number }, null];
  /** What this worker counted so far, unasked. */
  readonly counted: readonly [WorkerState, null];
  /** It has the connection with this number. */
  readonly took: readonly [{ readonly connection: number }, null];
  /** So many connections were closed since it last said so. */
  readonly closed: readonly [{ readonly within: number; readonly beyond: number }, null];
  /** Somebody asked this worker alone to end. */
  readonly retire: readonly [null, null];
}

/** Comes with a socket, beside the calls. */
export interface Handover {
  readonly connection: number;
  /** The limit of connections is reached: it is told so and closed. */
  readonly beyondLimit: boolean;
}
