/** A lease key or tenant secret in the clear, on its way from one process of a proxy to another. */
export interface ExchangedKey {
  /** 32 bytes; whoever receives it wipes it. */
  readonly key: Buffer;
  /** 0 for a tenant secret. */
  readonly leaseId: number;
  /** The serialized `EncryptedDeks` that it came from. */
  readonly wrapped: Buffer;
  /** Whether the KMS payload carried the tag of the binding. */
  readonly bound: boolean;
  /** False: its KMS has to be asked again before it is used. */
  readonly verified: boolean;
  /** Milliseconds since its KMS was asked for it. */
  readonly ageMs: number;
}

/** What a process made or opened itself, and how the others get a copy of it. */
export interface MadeKey<T> {
  readonly made: T;
  /** Called once, at once; the copy belongs to the exchange. */
  readonly copy: () => ExchangedKey;
}

/**
 * Lets the processes of one proxy ask a KMS once for a key that all of them need. Whoever asks first
 * makes it; whoever asks meanwhile or later gets a copy, or the first one's `ProxyError`.
 */
export interface KeyExchange {
  /**
   * The lease to wrap with, of this name. `replaces` is the id of the lease that has to go, 0 for
   * none: another one than that is wanted.
   */
  lease<T>(
    name: string,
    replaces: number,
    make: () => Promise<MadeKey<T>>,
    adopt: (key: ExchangedKey) => T,
  ): Promise<T>;

  /** A key that some KMS opens. Only shared while it is being opened, and for seconds after. */
  opened<T>(
    name: string,
    open: () => Promise<MadeKey<T>>,
    adopt: (key: ExchangedKey) => T,
  ): Promise<T>;

  /** A lease must not be handed to anybody any more. */
  withdraw(name: string, leaseId: number): void;

  /** Part of the wraps of one lease that this process may use: several wrap with it. */
  readonly share: number;
}
