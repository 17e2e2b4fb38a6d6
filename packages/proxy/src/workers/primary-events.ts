import type { EventQueue } from "@tenant-security/event-queue";
import type { Room, WorkerState } from "./calls.ts";
import { EventIntake, type IntakeSource } from "./event-intake.ts";
import { settledWithin } from "../service/settled-within.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** How long is waited for room that other workers do not use. */
const RETURN_MS = 250;

/** Room that comes back later still counts; none does once a worker has hung for so long. */
const LATE_RETURN_MS = 60_000;

/** How long events may take through a pipe. */
const CATCH_UP_MS = 1_000;

const NONE: Room = { events: 0, bytes: 0 };

/** The event queue in the primary, and the workers that share its room. */
export class PrimaryEvents {
  readonly #workers: () => readonly WorkerHandle[];
  readonly #intake: EventIntake | undefined;
  readonly #sources = new WeakMap<WorkerHandle, IntakeSource>();

  /** Without a queue, events are off and nothing comes. */
  constructor(queue: EventQueue | undefined, workers: () => readonly WorkerHandle[]) {
    this.#workers = workers;
    this.#intake =
      queue &&
      new EventIntake({
        queue,
        onFull: (full) => {
          for (const { link } of workers()) link.tell("eventsFull", { full });
        },
      });
  }

  /** Begins to take what a new worker sends. */
  follow(worker: WorkerHandle): void {
    const intake = this.#intake;
    if (intake === undefined) {
      worker.pipe.on("error", () => {}).resume();
      return;
    }
    this.#sources.set(worker, intake.follow(worker.pipe));
  }

  /** Tells one that has just begun what the others were told before. */
  introduce(worker: WorkerHandle): void {
    if (this.#intake?.full === true) worker.link.tell("eventsFull", { full: true });
  }

  /** Room for `wanted`, or what there is; unused room of other workers is taken back for it. */
  async room(worker: WorkerHandle, wanted: Room): Promise<Room> {
    const intake = this.#intake;
    const source = this.#sources.get(worker);
    if (intake === undefined || source === undefined) return NONE;
    if (!intake.has(wanted)) await this.#collect(worker, intake);
    return intake.grant(source, wanted);
  }

  /** Waits until the events have come that a worker had sent when it told its state. */
  async caughtUp(worker: WorkerHandle, { lines }: WorkerState): Promise<void> {
    const source = this.#sources.get(worker);
    if (source !== undefined) await this.#intake?.caughtUp(source, lines, CATCH_UP_MS);
  }

  close(): void {
    this.#intake?.close();
  }

  async #collect(asking: WorkerHandle, intake: EventIntake): Promise<void> {
    const returned = this.#workers().map(async (worker) => {
      const source = this.#sources.get(worker);
      if (worker === asking || source === undefined || source.granted.events === 0) return;
      const room = await worker.link.ask("returnRoom", null, LATE_RETURN_MS);
      intake.giveBack(source, room);
    });
    await settledWithin(Promise.allSettled(returned), RETURN_MS);
  }
}
