import { Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Connections } from "./connections.ts";

/** Turns of the event loop without a new connection, one after the other, before the port closes. */
const QUIET_TURNS = 3;

/** The quiet turns have to last this long, so that a client between two requests can come back. */
const QUIET_MS = 5;

/** A turn longer than this may have looked at the queue too long ago to know that it is empty. */
const CALM_TURN_MS = 1;

/**
 * Ends listening without losing a connection that the system has already accepted for us: closing
 * the port resets those. So the queue is emptied first, while requests are held up for some
 * milliseconds, because a client that waits for its answer opens no new connection. Where clients
 * never stop connecting, the port closes after `patienceMs` all the same.
 */
export async function stopListening(
  server: Server,
  connections: Connections,
  patienceMs: number,
): Promise<void> {
  connections.hold();
  try {
    await closeWhenQuiet(server, connections, patienceMs);
  } finally {
    connections.release();
  }
}

/** The same for whoever holds requests up by other means. */
export async function closeWhenQuiet(
  server: Server,
  connections: Pick<Connections, "accepted">,
  patienceMs: number,
): Promise<void> {
  await quiet(connections, patienceMs);
  // The close of node:http would also end connections that are idle at this very moment, with a
  // request of their client on the way.
  Server.prototype.close.call(server);
}

/** One turn accepts one connection: a turn without any means that none was waiting. */
async function quiet(
  connections: Pick<Connections, "accepted">,
  patienceMs: number,
): Promise<void> {
  const started = performance.now();
  let { accepted } = connections;
  let quietSince = started;
  let quietTurns = 0;
  let lookedAt = started;
  for (;;) {
    await nextTurn();
    const now = performance.now();
    if (connections.accepted !== accepted) {
      ({ accepted } = connections);
      quietSince = now;
      quietTurns = 0;
    } else if (now - lookedAt > CALM_TURN_MS) {
      quietTurns = 0;
    } else {
      quietTurns += 1;
    }
    lookedAt = now;
    const patience = 1 - (now - started) / patienceMs;
    // The longer it takes, the shorter a silence will do.
    if (quietTurns >= QUIET_TURNS && now - quietSince >= QUIET_MS * patience) return;
    if (patience <= 0) return;
  }
}
