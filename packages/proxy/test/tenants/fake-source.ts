import type { Snapshot } from "../../src/tenants/source.ts";

/** A source that does as it is told. */
export class FakeSource {
  snapshot: Snapshot = snapshot();
  error: Error | undefined;
  loads = 0;
  mostAtOnce = 0;
  readonly signals: AbortSignal[] = [];
  readonly #changed = new Set<() => void>();
  #gate: Promise<void> = Promise.resolve();
  #atOnce = 0;

  async load(signal: AbortSignal): Promise<Snapshot> {
    this.signals.push(signal);
    this.loads += 1;
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await this.#gate;
    this.#atOnce -= 1;
    if (this.error) throw this.error;
    return this.snapshot;
  }

  watch(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  }

  get watchers(): number {
    return this.#changed.size;
  }

  change(): void {
    for (const changed of this.#changed) changed();
  }

  /** Lets loads wait until the function that it gives is called. */
  block(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }
}

export function snapshot(): Snapshot {
  return { tenants: new Map(), problems: [], unusable: 0, configuration: () => undefined };
}
