/** Where a process is in its life. It only moves forward. */
export type Phase = "starting" | "serving" | "draining";

export type Probe = "live" | "ready" | "health";

export interface HealthAnswer {
  readonly healthy: boolean;
  readonly body: { readonly status: Phase | "stale" | "failing"; readonly reason?: string };
}

/**
 * What the probes say. It changes on four facts: the first configuration is loaded, the
 * configuration became too old or fresh again, processes that serve were lost or are back, the
 * proxy was told to stop.
 */
export class HealthState {
  #phase: Phase = "starting";
  #stale: string | undefined;
  #unserved: string | undefined;
  #troubled: string | undefined;

  get phase(): Phase {
    return this.#phase;
  }

  /** The first configuration is loaded and the ports are open. */
  serve(): void {
    if (this.#phase === "starting") this.#phase = "serving";
  }

  /** The process was told to stop. */
  drain(): void {
    this.#phase = "draining";
  }

  /** Requests cannot be served although the process runs, and why; undefined: they can again. */
  stale(reason: string | undefined): void {
    this.#stale = reason;
  }

  /** No process serves at the moment, and why; undefined: one does. */
  unserved(reason: string | undefined): void {
    this.#unserved = reason;
  }

  /** Processes that serve cannot be kept running, and why; undefined: they can again. */
  troubled(reason: string | undefined): void {
    this.#troubled = reason;
  }

  answer(probe: Probe): HealthAnswer {
    const phase = this.#phase;
    if (probe === "live") return { healthy: phase !== "draining", body: { status: phase } };
    if (phase === "serving" && this.#stale !== undefined) {
      return { healthy: false, body: { status: "stale", reason: this.#stale } };
    }
    const failing = this.#troubled ?? this.#unserved;
    if (phase === "serving" && failing !== undefined) {
      return { healthy: false, body: { status: "failing", reason: failing } };
    }
    return { healthy: phase === "serving", body: { status: phase } };
  }
}
