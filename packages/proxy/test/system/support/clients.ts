import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { body, post, WRAP } from "./requests.ts";

export interface Count {
  answered: number;
  /** Anything but an answer with status 200, and a refused connection once listening has ended. */
  readonly failures: string[];
}

/**
 * Keep-alive clients, each with one connection, that wrap one key after another until the server
 * tells them to close or no longer listens. They pause up to `pauseMs` between two requests.
 */
export async function wrapUntilClosed(
  origin: string,
  clients: number,
  pauseMs: number,
): Promise<Count> {
  const count: Count = { answered: 0, failures: [] };
  await Promise.all(Array.from({ length: clients }, () => client(origin, pauseMs, count)));
  return count;
}

async function client(origin: string, pauseMs: number, count: Count): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const deadline = Date.now() + 60_000;
  try {
    while (Date.now() < deadline) {
      const answer = await post(origin, WRAP, body("leased"), { agent });
      if (answer.status !== 200) count.failures.push(`${answer.status} ${answer.text}`);
      count.answered += 1;
      if (answer.headers.connection === "close") return;
      if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    }
    count.failures.push("never told to close");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Nobody listens any more: what was never accepted cannot be lost.
    if (code !== "ECONNREFUSED") count.failures.push(`${code}: ${message}`);
  } finally {
    agent.destroy();
  }
}
