/** A worker that served for less than this is one more sign that none can. */
const CALM_MS = 10_000;

/** So many in a row and it is no accident any more. */
const LOOP_LENGTH = 3;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

interface Slot {
  crashes: number;
  calm: NodeJS.Timeout | undefined;
}

/** Tells an accident from a crash loop, and how long to wait before the next try. */
export class CrashWatch {
  readonly #onTrouble: (reason: string | undefined) => void;
  readonly #slots = new Map<number, Slot>();
  #troubled = false;

  constructor(onTrouble: (reason: string | undefined) => void) {
    this.#onTrouble = onTrouble;
  }

  /** Gives the milliseconds to wait before the worker is replaced. */
  crashed(slotNumber: number, how: string, servedMs: number): number {
    const slot = this.#slotOf(slotNumber);
    clearTimeout(slot.calm);
    slot.crashes = servedMs >= CALM_MS ? 1 : slot.crashes + 1;
    if (slot.crashes >= LOOP_LENGTH) {
      this.#troubled = true;
      this.#onTrouble(`worker processes keep ending, ${slot.crashes} in a row: ${how}`);
    }
    if (slot.crashes === 1) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (slot.crashes - 2), LONGEST_DELAY_MS);
  }

  /** A worker has begun to serve; when it goes on for a while, the trouble is over. */
  serves(slotNumber: number): void {
    const slot = this.#slotOf(slotNumber);
    clearTimeout(slot.calm);
    slot.calm = setTimeout(() => {
      slot.crashes = 0;
      this.#look();
    }, CALM_MS).unref();
  }

  close(): void {
    for (const { calm } of this.#slots.values()) clearTimeout(calm);
  }

  #look(): void {
    const all = [...this.#slots.values()];
    if (!this.#troubled || all.some(({ crashes }) => crashes >= LOOP_LENGTH)) return;
    this.#troubled = false;
    this.#onTrouble(undefined);
  }

  #slotOf(number: number): Slot {
    const slot = this.#slots.get(number) ?? { crashes: 0, calm: undefined };
    this.#slots.set(number, slot);
    return slot;
  }
}
