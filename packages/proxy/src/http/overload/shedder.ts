/** Milliseconds between two looks at the event loop. */
const TICK_MS = 100;

/**
 * Requests of one turn up to which it is no overload, however long they take: so many connections
 * are ordinary use, each has one request under way, and none of them would be faster elsewhere.
 */
const ORDINARY_QUEUE = 1_024;

/** Fewer requests than this in one tick, and the overload is over: nobody is left to refuse. */
const CALM_QUEUE = 128;

/** Largest part of requests that is refused, so that there is always something to learn from. */
const MAX_SHARE = 0.9;

/** How much of the requests is refused in addition, for each tick with one target's delay. */
const STEP = 0.1;

/** What a share becomes at a tick without too much delay, and below which it is nothing. */
const DECAY = 0.5;
const LEAST_SHARE = 0.02;

/**
 * Refusals that one unit of work pays for. To refuse a small request costs about as much as to serve
 * it, because both have to be read and answered: more of them would eat up what they are to save.
 */
const ALLOWANCE = 0.1;

/** Refusals that may be saved up. */
const MAX_CREDIT = 100;

/** From this many targets of delay on, answering in time goes before answering many. */
const DESPERATE = 4;

/** A body up to this size is one unit of work. */
const SMALL_BODY_BYTES = 1_024;

/** Bytes of a larger body, which is a batch, that make about as much work as a small request. */
const BYTES_PER_UNIT = 256;

/**
 * Refuses a share of requests while the event loop stays late and many of them queue up. In one
 * thread nothing waits inside: the queue is in the sockets. One turn of the loop takes all of it, so
 * the length of a turn is what requests wait, and the number of requests in it is the queue. A
 * single turn is no overload: the smaller figures of the last two count.
 */
export class Shedder {
  readonly #targetMs: number;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #lastLateMs = 0;
  #delayMs = 0;
  #seen = 0;
  #lastSeen = 0;
  #share = 0;
  #debt = 0;
  #credit = 0;
  #allowance = ALLOWANCE;

  /** `targetMs` 0: nothing is ever refused. */
  constructor(targetMs: number, now: () => number = () => performance.now()) {
    this.#targetMs = targetMs;
    this.#now = now;
  }

  /** Part of the requests that is to be refused, 0 to 0.9. */
  get share(): number {
    return this.#share;
  }

  /** What requests wait at least before they are looked at, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  start(): void {
    this.#lookedAt = this.#now();
    this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#share = 0;
  }

  /** Takes the measure of the event loop: called by the timer. */
  tick(): void {
    const now = this.#now();
    const lateMs = Math.max(0, now - this.#lookedAt - TICK_MS);
    this.#lookedAt = now;
    this.#delayMs = Math.min(lateMs, this.#lastLateMs);
    this.#lastLateMs = lateMs;
    const queue = Math.min(this.#seen, this.#lastSeen);
    this.#lastSeen = this.#seen;
    this.#seen = 0;
    if (this.#targetMs === 0) return;
    if (queue > ORDINARY_QUEUE) this.#adapt(this.#delayMs / this.#targetMs);
    else if (this.#lastSeen < CALM_QUEUE && lateMs < TICK_MS) this.#share = 0;
    else this.#adapt(0);
  }

  /** Counts a request and says whether to refuse it; `contentLength` is its header. */
  refuses(contentLength: string | undefined): boolean {
    this.#seen += 1;
    if (this.#share === 0) return false;
    this.#debt += this.#share;
    const due = this.#debt >= 1;
    if (due) this.#debt -= 1;
    if (due && this.#credit >= 1) {
      this.#credit -= 1;
      return true;
    }
    const credit = this.#credit + unitsOf(contentLength) * this.#allowance;
    this.#credit = Math.min(MAX_CREDIT, credit);
    return false;
  }

  #adapt(targets: number): void {
    if (targets > 1) {
      this.#share = Math.min(MAX_SHARE, this.#share + STEP * Math.min(targets, DESPERATE));
      this.#allowance = ALLOWANCE * Math.max(1, targets / DESPERATE);
    } else {
      this.#share = this.#share < LEAST_SHARE ? 0 : this.#share * DECAY;
    }
  }
}

function unitsOf(contentLength: string | undefined): number {
  const bytes = Number(contentLength ?? 0);
  return bytes <= SMALL_BODY_BYTES ? 1 : bytes / BYTES_PER_UNIT;
}
