import { ProxyError } from "../errors.ts";
import { type RefreshClock, systemClock } from "./refresh-clock.ts";
import type { Snapshot, TenantSource } from "./source.ts";
import { untilAborted } from "./until-aborted.ts";

export interface RefresherOptions {
  readonly source: Pick<TenantSource, "load" | "watch">;
  /** Time between two refreshes, give or take a tenth. Default: 600 000 ms. */
  readonly intervalMs?: number;
  /** How long a snapshot serves without a successful refresh. Default: 86 400 000 ms. */
  readonly maxAgeMs?: number;
  /** Longest time for one load. Default: 60 000 ms. */
  readonly loadTimeoutMs?: number;
  readonly clock?: RefreshClock;
  /** After every successful refresh, also when nothing changed. */
  readonly onRefresh?: (refresh: Refresh) => void;
  /** After every failed refresh but the first load, whose failure `start` rejects with. */
  readonly onFailure?: (error: unknown) => void;
  /** When `ready` has changed. */
  readonly onReady?: (ready: boolean) => void;
}

export interface Refresh {
  readonly snapshot: Snapshot;
  /** Whether the snapshot differs from the one before. True for the first one. */
  readonly changed: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * Keeps the current snapshot: loads it, loads it again at intervals and when the source says that
 * it changed, one load at a time. A failed load keeps the last good snapshot until it is too old.
 */
export class SnapshotRefresher {
  readonly #options: Required<RefresherOptions>;
  readonly #ending = new AbortController();
  #snapshot: Snapshot | undefined;
  #lastError: unknown;
  #ready = false;
  #started = false;
  #loading: Promise<void> | undefined;
  #changedMeanwhile = false;
  #cancelNext: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(options: RefresherOptions) {
    this.#options = {
      intervalMs: 600_000,
      maxAgeMs: 86_400_000,
      loadTimeoutMs: 60_000,
      clock: systemClock,
      onRefresh: () => {},
      onFailure: () => {},
      onReady: () => {},
      ...options,
    };
  }

  /** Whether there is a snapshot that is not too old. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * The snapshot to use for one request, from its beginning to its end.
   * @throws ProxyError 100 before the first load and when the snapshot is too old
   */
  current(): Snapshot {
    if (this.#ready && this.#snapshot !== undefined) return this.#snapshot;
    const cause = this.#lastError;
    // The source's words name files, which are nobody's business but the operator's.
    throw new ProxyError("UNKNOWN_ERROR", this.#whyNot(), { cause, detail: textOf(cause) });
  }

  /** Loads the first snapshot, then keeps it fresh. Rejects with the source's error. */
  async start(): Promise<Snapshot> {
    // Watching begins first, so that no change falls between the two.
    this.#unwatch = this.#options.source.watch(() => void this.refresh());
    try {
      await this.#loadOnce();
    } catch (error) {
      this.#unwatch();
      throw error;
    }
    this.#started = true;
    if (this.#changedMeanwhile) void this.refresh();
    else this.#scheduleNext();
    return this.current();
  }

  /**
   * Loads now, or once more after the load that is under way. Resolves when the source has been
   * read after this call; never rejects.
   */
  refresh(): Promise<void> {
    if (this.#ending.signal.aborted) return Promise.resolve();
    this.#changedMeanwhile = !this.#started || this.#loading !== undefined;
    if (this.#started) this.#loading ??= this.#loadUntilCalm();
    return this.#loading ?? Promise.resolve();
  }

  /** Ends the loop and a load under way. Requests that are still running keep the snapshot. */
  async close(): Promise<void> {
    this.#ending.abort(new Error("The proxy is stopping"));
    this.#unwatch?.();
    this.#cancelNext?.();
    this.#cancelExpiry?.();
    await this.#loading;
  }

  async #loadUntilCalm(): Promise<void> {
    this.#cancelNext?.();
    do {
      this.#changedMeanwhile = false;
      await this.#load();
    } while (this.#changedMeanwhile && !this.#ending.signal.aborted);
    this.#loading = undefined;
    this.#scheduleNext();
  }

  async #load(): Promise<void> {
    try {
      await this.#loadOnce();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#lastError = error;
      this.#report(error);
    }
  }

  async #loadOnce(): Promise<void> {
    const deadline = AbortSignal.timeout(this.#options.loadTimeoutMs);
    const signal = AbortSignal.any([this.#ending.signal, deadline]);
    const snapshot = await untilAborted(this.#options.source.load(signal), signal);
    this.#ending.signal.throwIfAborted();
    this.#succeeded(snapshot);
  }

  #succeeded(snapshot: Snapshot): void {
    const { clock, maxAgeMs } = this.#options;
    const changed = snapshot !== this.#snapshot;
    this.#snapshot = snapshot;
    this.#lastError = undefined;
    this.#cancelExpiry?.();
    this.#cancelExpiry = clock.after(maxAgeMs, () => this.#setReady(false));
    this.#setReady(true);
    this.#tell(() => this.#options.onRefresh({ snapshot, changed, at: clock.now() }));
  }

  #scheduleNext(): void {
    if (this.#ending.signal.aborted) return;
    const { clock, intervalMs } = this.#options;
    // Proxies that were started together should not all ask at the same moment for ever.
    const jitter = 0.9 + clock.random() * 0.2;
    this.#cancelNext = clock.after(intervalMs * jitter, () => void this.refresh());
  }

  #setReady(ready: boolean): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#tell(() => this.#options.onReady(ready));
  }

  /** A listener that throws must not end the loop; its error is reported like a failed refresh. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onFailure(error);
    } catch {
      // There is nobody left to tell.
    }
  }

  #whyNot(): string {
    if (this.#snapshot === undefined) return "The configuration has not been loaded yet";
    const { maxAgeMs } = this.#options;
    return (
      `The configuration could not be refreshed for ${Math.round(maxAgeMs / 1_000)} seconds ` +
      "and is too old to be used"
    );
  }
}

function textOf(error: unknown): string | undefined {
  return error instanceof Error ? firstLine(error.message) : undefined;
}

function firstLine(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
