import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { OkHead } from "../../src/http/server/ok-head.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";

const KEEP_ALIVE_MS = 90_000;
const RAY_ID = "q8Zr0yX-5uWb2LfT";
const BODY = '{"dek":"AAAA"}';

describe("the head of a success", () => {
  it("is the one that node:http writes, byte for byte", async () => {
    const [first, second] = await bothAnswers();

    expect(first.written).toBe(false);
    expect(second.written).toBe(true);
    expect(withoutDate(second.bytes)).toBe(withoutDate(first.bytes));
    expect(Date.parse(dateOf(second.bytes))).toBeGreaterThanOrEqual(
      Date.parse(dateOf(first.bytes)),
    );
    expect(Math.abs(Date.parse(dateOf(second.bytes)) - Date.now())).toBeLessThan(60_000);
  });

  it("is left to node:http when the connection is to be closed", async () => {
    const [, second] = await bothAnswers({ connection: "close" });

    expect(second.written).toBe(false);
    expect(second.bytes).toMatch(/\r\nConnection: close\r\n/);
  });
});

interface Answered {
  readonly written: boolean;
  readonly bytes: string;
}

/** Two requests on one connection: one answered with `writeHead`, one with an `OkHead` if it may. */
async function bothAnswers(
  second: Readonly<Record<string, string>> = {},
): Promise<readonly [Answered, Answered]> {
  const head = new OkHead(KEEP_ALIVE_MS);
  let written: boolean | undefined;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, response) => {
    written = written !== undefined && head.write(response, BODY.length, RAY_ID);
    if (!written) response.writeHead(200, headers());
    incoming.resume();
    response.end(BODY, "latin1");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const client = await RawClient.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = async (headers: Readonly<Record<string, string>>): Promise<Answered> => {
    client.received = "";
    client.write(requestBytes("/", "{}", headers));
    while (!client.received.endsWith(BODY)) await nextTurn();
    return { written: written === true, bytes: client.received };
  };
  return [await ask({}), await ask(second)];
}

function headers(): string[] {
  const length = String(BODY.length);
  return ["Content-Type", "application/json", "Content-Length", length, "x-ray-id", RAY_ID];
}

function withoutDate(bytes: string): string {
  return bytes.replace(/\r\nDate: [^\r]+/, "");
}

function dateOf(bytes: string): string {
  return /\r\nDate: ([^\r]+)/.exec(bytes)?.[1] ?? "";
}
