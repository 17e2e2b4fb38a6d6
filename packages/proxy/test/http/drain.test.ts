import { setTimeout as sleep } from "node:timers/promises";
import { API_KEY } from "@tenant-security/testkit";
import { Pool } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp, type TestServer } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);
const BYTES = requestBytes(WRAP, BODY);

describe("a server that starts to drain", () => {
  it("serves on and closes each connection after its next answer", async () => {
    const { origin, server } = await startHttp();
    const old = await RawClient.open(origin);
    expect((await old.write(BYTES).answer()).headers.get("connection")).toBe("keep-alive");

    server.startDraining();

    for (const client of [old, await RawClient.open(origin)]) {
      const { status, headers } = await client.write(BYTES).answer();
      expect([status, headers.get("connection")]).toEqual([200, "close"]);
      expect(await client.end()).toBe("closed");
    }
  });

  it("says so in refusals too", async () => {
    const { post, server } = await startHttp();
    server.startDraining();

    const answers = await Promise.all([post("/nothing"), post(WRAP, "{"), post("/metrics")]);

    expect(answers.map(({ headers }) => headers.connection)).toEqual(["close", "close", "close"]);
  });

  it("answers everything that was pipelined before it closes", async () => {
    const { origin, server, keys } = await startHttp();
    const wrap = keys.wrap.bind(keys);
    let delay = 40;
    // The first is the slowest, so that answers are ready in the wrong order.
    keys.wrap = async (call) => {
      await sleep((delay -= 10));
      return wrap(call);
    };
    const client = await RawClient.open(origin);
    server.startDraining();

    client.write(BYTES + BYTES + BYTES);

    const answers = [await client.answer(), await client.answer(), await client.answer()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.at(-1)?.headers.get("connection")).toBe("close");
    expect(await client.end()).toBe("closed");
  });
});

describe("a server that drains", () => {
  it("takes no new connections and is done at once when there are none", async () => {
    const { origin, server } = await startHttp();
    const started = performance.now();

    expect(await server.drain(30_000)).toBe(false);

    expect(performance.now() - started).toBeLessThan(5_000);
    await expect(RawClient.open(origin)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("closes idle connections without a reset, used ones and new ones", async () => {
    const { origin, server, observer } = await startHttp();
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(origin)));
    await Promise.all(clients.slice(50).map((client) => client.write(BYTES).answer()));
    await until(() => observer.connected === 100);

    expect(await server.drain(30_000)).toBe(false);

    expect(new Set(await Promise.all(clients.map((client) => client.end())))).toEqual(
      new Set(["closed"]),
    );
  });

  it("still answers an idle connection that speaks up", async () => {
    const { origin, server } = await startHttp();
    const used = await RawClient.open(origin);
    await used.write(BYTES).answer();
    const fresh = await RawClient.open(origin);

    const drained = server.drain(30_000);
    await sleep(100);
    const answers = await Promise.all([used.write(BYTES).answer(), fresh.write(BYTES).answer()]);

    expect(answers.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([
      [200, "close"],
      [200, "close"],
    ]);
    expect(await drained).toBe(false);
  });

  it.for([
    ["in the head of the first request", "", 30],
    ["in the body of the first request", "", BYTES.length - 5],
    ["in the head of the second request", BYTES, 30],
    ["in the body of the second request", BYTES, BYTES.length - 5],
  ] as const)("waits for a request that is half sent: %s", async ([, before, cut]) => {
    const { origin, server } = await startHttp();
    const client = await RawClient.open(origin);
    if (before !== "") await client.write(before).answer();
    client.write(BYTES.slice(0, cut));
    await sleep(100);

    const drained = server.drain(30_000);
    await sleep(2_000);
    client.write(BYTES.slice(cut));

    expect(await client.answer()).toMatchObject({ status: 200 });
    expect(await client.end()).toBe("closed");
    expect(await drained).toBe(false);
  });

  it("waits for a slow use case and for a slow reader", async () => {
    const { origin, server, keys, observer } = await startHttp();
    const edek = Buffer.alloc(12_000_000, 7);
    keys.wrap = async () => {
      await sleep(1_000);
      return { dek: Buffer.alloc(32), edek };
    };
    const client = await RawClient.open(origin);
    client.socket.pause();
    client.write(BYTES);
    await until(() => observer.open.get(WRAP) === 1);

    const drained = server.drain(30_000);
    await until(() => observer.open.get(WRAP) === 0);
    await sleep(1_000);
    client.socket.resume();

    const { body } = await client.answer();
    expect(body.endsWith(`${edek.toString("base64").slice(-100)}"}`)).toBe(true);
    expect(await drained).toBe(false);
  });

  it("survives a client that sends on after the end", async () => {
    const { origin, server } = await startHttp();
    const client = await RawClient.open(origin, true);
    await client.write(BYTES).answer();

    const drained = server.drain(30_000);
    await client.end();
    client.write(BYTES);

    expect(await drained).toBe(false);
  });

  it.for([
    ["a request without an answer", BYTES],
    ["a request that is half sent", BYTES.slice(0, 50)],
  ] as const)("cuts off at the deadline what is not done, and says so: %s", async ([, bytes]) => {
    const { origin, server, keys } = await startHttp();
    keys.wrap = () => new Promise(() => {});
    const client = await RawClient.open(origin);
    client.write(bytes);
    await sleep(100);

    expect(await server.drain(1_500)).toBe(true);

    await client.end();
  });

  it("does not count an idle connection as cut off", async () => {
    const { origin, server } = await startHttp();
    const client = await RawClient.open(origin);
    await client.write(BYTES).answer();

    expect(await server.drain(0)).toBe(false);

    await client.end();
  });
});

describe("a server that drains under load", () => {
  it.for(Array.from({ length: 3 }, (_, index) => index))(
    "answers every request on raw keep-alive sockets (round %i)",
    async () => {
      const test = await startHttp();
      const load = new RawLoad(test.origin);
      const clients = Array.from({ length: 64 }, (_, index) => load.run(index));
      await until(() => load.answered > 500);

      test.server.startDraining();
      await until(() => load.reconnected > 200);
      const cut = await test.server.drain(30_000);
      await Promise.all(clients);

      expect([load.failures, cut]).toEqual([[], false]);
    },
  );

  it("loses no request of undici's pool", async () => {
    const test = await startHttp();
    const pool = new Pool(test.origin, { connections: 32, pipelining: 1 });
    onTestFinished(() => pool.destroy());
    const outcomes = new Map<string, number>();
    let refused = false;
    const client = async () => {
      while (!refused) {
        const outcome = await poolRequest(pool);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        refused ||= outcome === "ECONNREFUSED";
      }
    };
    const clients = Array.from({ length: 48 }, client);
    await until(() => (outcomes.get("200") ?? 0) > 500);

    const cut = await drainSlowly(test);
    await Promise.all(clients);

    expect([[...outcomes.keys()].toSorted(), cut]).toEqual([["200", "ECONNREFUSED"], false]);
  });
});

async function drainSlowly({ server }: TestServer): Promise<boolean> {
  server.startDraining();
  await sleep(300);
  return server.drain(30_000);
}

async function poolRequest(pool: Pool): Promise<string> {
  try {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: WRAP,
      headers: { authorization: `cmk ${API_KEY}`, "content-type": "application/json" },
      body: BODY,
    });
    await body.text();
    return String(statusCode);
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

/** Clients that reuse a connection until they are told to close it, and then make a new one. */
class RawLoad {
  answered = 0;
  reconnected = 0;
  readonly failures: string[] = [];
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async run(index: number): Promise<void> {
    for (;;) {
      let client: RawClient;
      try {
        client = await RawClient.open(this.#origin);
      } catch (error) {
        if ((error as { code?: string }).code === "ECONNREFUSED") return;
        this.failures.push(`connect: ${String(error)}`);
        return;
      }
      this.reconnected += 1;
      for (;;) {
        // A third of the clients pause, so that some connections are idle at any moment.
        if (index % 3 === 0) await sleep(index % 7);
        if (client.ended !== "open") break;
        try {
          const { status, headers } = await client.write(BYTES).answer();
          if (status !== 200) this.failures.push(`status ${status}`);
          this.answered += 1;
          if (headers.get("connection") === "close") break;
        } catch (error) {
          this.failures.push(String(error));
          break;
        }
      }
      client.socket.destroy();
    }
  }
}
