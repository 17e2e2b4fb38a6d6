import { readFile } from "node:fs/promises";
import { type CurveKeyPair, EventQueue, type EventQueueStats } from "@tenant-security/event-queue";
import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { formatAddress } from "../config/bind-address.ts";
import type { Settings } from "../config/settings.ts";

const REASONS = [
  "QUEUE_FULL",
  "BYTES_FULL",
  "EVENT_TOO_LARGE",
  "SEND_TIMEOUT",
  "SEND_FAILED",
  "CLOSED",
] as const satisfies readonly (keyof EventQueueStats["droppedBy"])[];

/**
 * Opens the socket that event readers connect to; undefined when the integration is off.
 * @throws EventQueueError when the port is taken, Error when a CURVE key cannot be read
 */
export async function openEventStream(
  { events }: Settings,
  logger: Pick<Logger, "warn">,
): Promise<EventQueue | undefined> {
  if (!events.enabled) return undefined;
  return EventQueue.bind({
    bind: `tcp://${formatAddress(events.address)}`,
    capacity: events.channelSize,
    highWaterMark: events.highWaterMark,
    sendTimeoutMs: events.sendTimeoutMs,
    curve: events.curve && (await readCurve(events.curve)),
    onDrop: (reason, count) => logger.warn({ reason, count }, "security events dropped"),
  });
}

/** Shows the queue's own ledger; `refused` counts what the mode `require` turned away. */
export function observeEvents(
  metrics: Metrics,
  queue: EventQueue | undefined,
  refused: () => number,
): void {
  metrics.securityEventFailures.collect(() => (queue?.stats().dropped ?? 0) + refused());
  if (queue === undefined) return;
  metrics.eventsAccepted.collect(() => queue.stats().accepted);
  metrics.eventsSent.collect(() => queue.stats().sent);
  metrics.eventQueueLength.collect(() => queue.stats().held);
  metrics.eventQueueBytes.collect(() => queue.stats().heldBytes);
  metrics.eventQueueCapacity.collect(() => queue.stats().capacity);
  for (const reason of REASONS) {
    metrics.eventsDropped.with({ reason }).collect(() => queue.stats().droppedBy[reason]);
  }
}

async function readCurve(files: NonNullable<Settings["events"]["curve"]>): Promise<CurveKeyPair> {
  const [publicKey, secretKey] = await Promise.all([
    readFile(files.publicKeyFile, "utf8"),
    readFile(files.secretKeyFile, "utf8"),
  ]);
  return { publicKey: publicKey.trim(), secretKey: secretKey.trim() };
}
