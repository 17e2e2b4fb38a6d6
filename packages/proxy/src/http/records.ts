/** What this process counts and records, and must not be lost once its client has the answer. */
export interface Records {
  /**
   * Puts all of it where it outlives this process. False: not all of that is done yet, because
   * somebody else is slow. Never throws.
   */
  save(): boolean;

  /** Calls back once, when that is done or has taken too long. */
  whenSafe(proceed: () => void): void;
}

/** For a process that nobody survives. */
export const NO_RECORDS: Records = {
  save: () => true,
  whenSafe: (proceed) => proceed(),
};
