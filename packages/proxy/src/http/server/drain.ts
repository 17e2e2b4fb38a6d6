import type { Server } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { stopListening } from "./stop-listening.ts";

/** How long an idle connection is kept after the end of listening, for a request on its way. */
const LINGER_MS = 500;

/** How long a client may take to close after we did; what it still sends then is not reset. */
const FAREWELL_MS = 500;

/** Connections closed in one turn, so that each was looked at for new bytes just before. */
const CLOSED_PER_TURN = 16;

const LOOK_EVERY_MS = 10;

/**
 * Ends listening, answers what was sent and closes every connection. After `deadlineMs` the rest is
 * cut off. Gives back whether that hit a request.
 */
export async function drainConnections(
  server: Server,
  connections: Connections,
  deadlineMs: number,
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  connections.drain();
  if (server.listening) await stopListening(server, connections);
  const lingerUntil = performance.now() + LINGER_MS;
  const farewells = new Map<Connection, number>();
  while (connections.size > 0) {
    const now = performance.now();
    if (now >= deadline) return cutOff(connections);
    if (now >= lingerUntil && closeSome(connections, farewells)) await nextTurn();
    else await sleep(LOOK_EVERY_MS);
  }
  return false;
}

/** Says goodbye to some idle connections; false when there was nothing to do. */
function closeSome(connections: Connections, farewells: Map<Connection, number>): boolean {
  connections.destroyUnsecured();
  let closed = 0;
  for (const connection of connections) {
    if (closed === CLOSED_PER_TURN) return true;
    if (connection.busy || connection.halfSent) continue;
    const saidAt = farewells.get(connection);
    if (saidAt === undefined) {
      // Only our half: a reset would take back answers that the client has not read yet.
      connection.socket.end();
      farewells.set(connection, performance.now());
      closed += 1;
    } else if (performance.now() - saidAt >= FAREWELL_MS) {
      connection.socket.destroy();
    }
  }
  return false;
}

function cutOff(connections: Connections): boolean {
  let hit = false;
  for (const connection of connections) {
    hit ||= connection.busy || connection.halfSent;
    connection.socket.destroy();
  }
  connections.destroyUnsecured();
  return hit;
}
