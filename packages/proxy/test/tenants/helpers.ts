import type { Assignment, KmsConfiguration, Tenant } from "../../src/tenants/tenant.ts";
import type { RefreshClock } from "../../src/tenants/refresh-clock.ts";

export function configuration(id: number, leasingAllowed = false): KmsConfiguration {
  return {
    usable: true,
    id,
    type: "LOCAL",
    keyPath: { keyName: `key-${id}` },
    leasingAllowed,
    fingerprint: `fingerprint-${id}`,
    openCredentials: async () => ({}),
  };
}

export function tenant(
  assignments: readonly Assignment[],
  { id = "acme", keyLeasingRequired = false }: Partial<Tenant> = {},
): Tenant {
  return { id, assignments, keyLeasingRequired };
}

export const primary = (id: number): Assignment => assigned(id, true, true);
export const active = (id: number): Assignment => assigned(id, true, false);
export const disabled = (id: number): Assignment => assigned(id, false, false);

function assigned(id: number, isActive: boolean, isPrimary: boolean): Assignment {
  return { configuration: configuration(id), active: isActive, primary: isPrimary };
}

/** A clock that moves when it is told to. */
export class ManualClock implements RefreshClock {
  chance = 0.5;
  #now = 1_000_000;
  #timers: { readonly at: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Milliseconds until each timer that is set, the nearest first. */
  get waiting(): readonly number[] {
    return this.#timers.map(({ at }) => at - this.#now).toSorted((a, b) => a - b);
  }

  /** Lets time pass, calls what is due and lets it finish. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { action } of due.toSorted((a, b) => a.at - b.at)) action();
    await settled();
  }
}

/** Lets everything that only waits for promises go on. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
