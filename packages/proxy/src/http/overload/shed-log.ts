import type { HttpLogger } from "../ports.ts";
import type { ShedReason } from "./shed-error.ts";

/** A line for each refusal would make an overload worse. */
const EVERY_MS = 1_000;

/** Tells operators of refusals for want of room, at most once a second. */
export class ShedLog {
  readonly #logger: HttpLogger;
  readonly #now: () => number;
  #refused = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(logger: HttpLogger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  note(reason: ShedReason): void {
    this.#refused += 1;
    const now = this.#now();
    if (now - this.#toldAt < EVERY_MS) return;
    const fields = { name: "overload", reason, refused: this.#refused };
    this.#logger.warn(fields, "requests refused for want of room");
    this.#refused = 0;
    this.#toldAt = now;
  }
}
