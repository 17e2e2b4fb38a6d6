import type { Mirror } from "@tenant-security/metrics";
import type { Records } from "../http/records.ts";
import type { EventRelay } from "./event-relay.ts";

export interface WorkerRecordsOptions {
  readonly relay: Pick<EventRelay, "flush" | "delivered" | "whenDelivered">;
  readonly mirror: Pick<Mirror, "save">;
  /** Whether no answer may leave before its event is on its way. */
  readonly required: boolean;
}

/** How long answers wait for a primary that does not read, where events may be dropped. */
const PATIENCE_MS = 25;

/**
 * What the primary knows of a worker without its help: events that the kernel has, and a mirror of
 * all that was counted. Both are complete before the answers leave that they are about.
 */
export class WorkerRecords implements Records {
  readonly #options: WorkerRecordsOptions;

  constructor(options: WorkerRecordsOptions) {
    this.#options = options;
  }

  save(): boolean {
    const { mirror, relay } = this.#options;
    relay.flush();
    mirror.save();
    return relay.delivered;
  }

  whenSafe(proceed: () => void): void {
    const { relay, required } = this.#options;
    if (required) {
      // Not for ever: these events have room in the queue, and without a primary workers end.
      relay.whenDelivered(proceed);
      return;
    }
    const once = (): void => {
      if (late === undefined) return;
      clearTimeout(late);
      late = undefined;
      proceed();
    };
    let late: NodeJS.Timeout | undefined = setTimeout(once, PATIENCE_MS);
    relay.whenDelivered(once);
  }
}
