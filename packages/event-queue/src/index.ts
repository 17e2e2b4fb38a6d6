export type { DropCounts, DropListener, DropReason } from "./drops.ts";
export { EventQueueError, type EventQueueErrorCode } from "./errors.ts";
export { EventQueue, type EventQueueStats } from "./event-queue.ts";
export type { BindOptions, CurveKeyPair, EventQueueOptions } from "./options.ts";
export type { QueuedEvent, Sender } from "./sender.ts";
