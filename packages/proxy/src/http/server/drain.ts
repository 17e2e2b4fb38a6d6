import type { Server } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { stopListening } from "./stop-listening.ts";

/** How long the end of listening may take while clients keep connecting. */
const MAX_PATIENCE_MS = 2_000;

/** How long an idle connection is kept after the end of listening, for a request on its way. */
const LINGER_MS = 500;

/** How long a client may take to close after we did; what it still sends then is not reset. */
const FAREWELL_MS = 500;

/** Connections closed in one turn, so that each was looked at for new bytes just before. */
const CLOSED_PER_TURN = 16;

/** A turn longer than this saw bytes too long ago to close anything after it. */
const CALM_TURN_MS = 1;

/** When there was no calm turn for so long, any turn will do. */
const RESTLESS_MS = 2_000;

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
  if (server.listening) {
    await stopListening(server, connections, Math.min(MAX_PATIENCE_MS, deadlineMs / 2));
  }
  const farewells = new Farewells(connections);
  await sleepWhile(() => connections.size > 0, Math.min(LINGER_MS, deadline - performance.now()));
  while (connections.size > 0 && performance.now() < deadline) {
    if (!(await farewells.saySome())) await sleep(LOOK_EVERY_MS);
  }
  return cutOff(connections);
}

/** Closes idle connections, a few at a time. */
class Farewells {
  readonly #connections: Connections;
  readonly #saidAt = new Map<Connection, number>();
  #closedAt = performance.now();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** False when there was nothing to do. */
  async saySome(): Promise<boolean> {
    const idle = this.#idle();
    if (idle.length === 0) return false;
    const before = performance.now();
    await nextTurn();
    const now = performance.now();
    if (now - before > CALM_TURN_MS && now - this.#closedAt < RESTLESS_MS) return true;
    this.#closedAt = now;
    // A turn has gone by: some of them may have a request by now.
    for (const connection of idle) if (isIdle(connection)) this.#say(connection, now);
    return true;
  }

  #idle(): readonly Connection[] {
    this.#connections.destroyUnsecured();
    const idle: Connection[] = [];
    const now = performance.now();
    for (const connection of this.#connections) {
      const saidAt = this.#saidAt.get(connection) ?? now;
      if (now - saidAt >= FAREWELL_MS) connection.socket.destroy();
      else if (!this.#saidAt.has(connection) && isIdle(connection)) idle.push(connection);
      if (idle.length === CLOSED_PER_TURN) break;
    }
    return idle;
  }

  #say(connection: Connection, now: number): void {
    // Only our half: a reset would take back answers that the client has not read yet.
    connection.socket.end();
    this.#saidAt.set(connection, now);
  }
}

function isIdle({ busy, halfSent }: Connection): boolean {
  return !busy && !halfSent;
}

async function sleepWhile(condition: () => boolean, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (condition() && performance.now() < until) await sleep(LOOK_EVERY_MS);
}

function cutOff(connections: Connections): boolean {
  let hit = false;
  for (const connection of connections) {
    hit ||= !isIdle(connection);
    connection.socket.destroy();
  }
  connections.destroyUnsecured();
  return hit;
}
