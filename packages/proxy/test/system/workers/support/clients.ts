import { Agent } from "node:http";
import type { Answer } from "@tenant-security/testkit";
import { onTestFinished } from "vitest";
import { body, post, WRAP } from "../../support/requests.ts";

export interface Client {
  readonly post: (path: string, content: unknown) => Promise<Answer>;
  readonly wrap: (tenantId: string) => Promise<Answer>;
}

/**
 * Clients with one connection each. Connections are handed out to workers in turn, so that two of
 * them, opened one after the other, are at different workers.
 */
export function clients(origin: string, count: number): readonly Client[] {
  return Array.from({ length: count }, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const send = (path: string, content: unknown) => post(origin, path, content, { agent });
    return { post: send, wrap: (tenantId) => send(WRAP, body(tenantId)) };
  });
}
