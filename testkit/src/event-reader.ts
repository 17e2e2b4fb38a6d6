import { Pull } from "zeromq";

type IclField =
  | "requestingId"
  | "dataLabel"
  | "sourceIp"
  | "objectId"
  | "requestId"
  | "event"
  | "tspRayId";

/** What the stream carries, one message an event. */
export interface SecurityEventMessage {
  readonly v: number;
  readonly tenantId: string;
  readonly timestamp: string;
  readonly iclFields: Readonly<Partial<Record<IclField, string>>> & { readonly event: string };
  readonly customFields: Readonly<Record<string, string>>;
  /** On reported operations alone. */
  readonly count?: number;
  readonly edekSha256?: string;
}

/** Pulls events as a log driver does, and keeps those that nobody has asked for yet. */
export class EventReader {
  readonly #socket = new Pull();
  readonly #pending: SecurityEventMessage[] = [];

  constructor(endpoint: string) {
    this.#socket.connect(endpoint);
    void this.#pull();
  }

  /** Events that have arrived and were not taken. */
  get pending(): readonly SecurityEventMessage[] {
    return this.#pending;
  }

  /** Takes the first event that matches, waiting for it if need be. */
  async next(
    matches: (event: SecurityEventMessage) => boolean,
    deadlineMs = 20_000,
  ): Promise<SecurityEventMessage> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const index = this.#pending.findIndex(matches);
      const [found] = index < 0 ? [] : this.#pending.splice(index, 1);
      if (found !== undefined) return found;
      if (Date.now() > deadline) {
        throw new Error(`no such event among ${JSON.stringify(this.#pending)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    this.#socket.close();
  }

  async #pull(): Promise<void> {
    try {
      for await (const [frame] of this.#socket) {
        this.#pending.push(JSON.parse(String(frame)) as SecurityEventMessage);
      }
    } catch (error) {
      // Events may still be on their way when it is closed.
      if (!this.#socket.closed) throw error;
    }
  }
}
