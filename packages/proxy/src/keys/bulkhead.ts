/** Bounds the calls to one KMS, and those that wait for it. */
export interface Bulkhead {
  /** Calls that are under way. */
  readonly inside: number;
  readonly waiting: number;

  /** Each `enter` that resolves is followed by one `leave`. @throws GateError */
  enter(signal?: AbortSignal): Promise<void>;

  leave(): void;

  /** Turns away everyone who waits or comes. */
  close(): void;
}
