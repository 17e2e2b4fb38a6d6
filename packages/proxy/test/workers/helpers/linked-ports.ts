import { EventEmitter } from "node:events";
import type { LinkPort } from "../../../src/workers/link.ts";

type Port = EventEmitter & LinkPort;

/** Two ends, with copies of the messages between them as a channel makes them. */
export function linkedPorts(): readonly [Port, Port] {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  return [portTo(ends[0], ends[1]), portTo(ends[1], ends[0])];
}

function portTo(own: EventEmitter, other: EventEmitter): Port {
  return Object.assign(own, {
    send(message: unknown, sent: (error: Error | null) => void) {
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => {
        sent(null);
        other.emit("message", copy);
      });
    },
  });
}
