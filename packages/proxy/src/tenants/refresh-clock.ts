/** Time and chance, handed in where a test needs its own. */
export interface RefreshClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;

  /** 0 up to, not including, 1. */
  random(): number;

  /** Calls `action` once, after `ms` milliseconds; gives the function that prevents it. */
  after(ms: number, action: () => void): () => void;
}

/** The system's clock. Its timers do not keep the process alive. */
export const systemClock: RefreshClock = {
  now: Date.now,
  random: Math.random,
  after(ms, action) {
    const timer = setTimeout(action, ms).unref();
    return () => clearTimeout(timer);
  },
};
