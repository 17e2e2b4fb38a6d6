import type { QueuedEvent, Sender } from "../src/index.ts";

interface PendingSend {
  readonly event: QueuedEvent;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Takes events when told to, and notes what a real socket would object to. */
export class FakeSender implements Sender {
  readonly taken: QueuedEvent[] = [];
  /** How often a send began while another was under way. */
  overlaps = 0;
  closed = false;
  /** Takes everything at once while true. */
  open: boolean;
  #pending: PendingSend | undefined;

  constructor(open = true) {
    this.open = open;
  }

  send(event: QueuedEvent, wait: boolean): Promise<void> {
    if (this.#pending !== undefined) this.overlaps += 1;
    if (this.closed) return Promise.reject(failure("EBADF"));
    if (this.open) {
      this.taken.push(event);
      return Promise.resolve();
    }
    if (!wait) return Promise.reject(failure("EAGAIN"));
    return new Promise((resolve, reject) => {
      this.#pending = { event, resolve, reject };
    });
  }

  close(): void {
    this.closed = true;
    this.#settle(({ reject }) => reject(failure("EAGAIN")));
  }

  /** Whether a send waits to be taken. */
  get waiting(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes the event that waits. */
  take(): void {
    this.#settle(({ event, resolve }) => {
      this.taken.push(event);
      resolve();
    });
  }

  /** Refuses the event that waits; `EAGAIN` asks for another try. */
  refuse(code = "EINVAL"): void {
    this.#settle(({ reject }) => reject(failure(code)));
  }

  #settle(how: (pending: PendingSend) => void): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) how(pending);
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
