import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AddressPolicy } from "../../src/http/address-policy.ts";
import { HttpClient, type HttpClientOptions } from "../../src/http/client.ts";
import { HttpAnswerError, HttpStatusError } from "../../src/http/errors.ts";
import { networkFault } from "../../src/http/network-fault.ts";
import { cut, drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import {
  type Certificate,
  makeCertificate,
  startVendorServer,
  type VendorServer,
} from "../fakes/vendor-server.ts";

let certificate: Certificate;
let server: VendorServer;

beforeAll(async () => {
  certificate = await makeCertificate("localhost");
  server = await startVendorServer(
    ({ body, headers }) => ({ status: 200, body: { body, type: headers["content-type"] } }),
    certificate,
  );
});

afterAll(() => server.close());

describe("a request", () => {
  it("carries method, path, headers and body, and brings parsed JSON back", async () => {
    const answer = await client().request({
      method: "PUT",
      path: "/v1/keys?x=1",
      headers: { "content-type": "application/json", "x-token": "t" },
      body: Buffer.from('{"a":1}'),
      signal: AbortSignal.timeout(5_000),
    });

    expect(answer).toMatchObject({
      status: 200,
      body: { body: '{"a":1}', type: "application/json" },
    });
    expect(server.requests.at(-1)).toMatchObject({
      method: "PUT",
      path: "/v1/keys",
      headers: { accept: "application/json", "x-token": "t", host: `localhost:${server.port}` },
    });
  });

  it("accepts an answer without a body", async () => {
    server.misbehave("/empty", (response) => response.writeHead(204).end());

    expect(await get("/empty")).toMatchObject({ status: 204, body: undefined });
  });

  it("uses connections again and never more than allowed", async () => {
    const own = await startVendorServer(() => ({ status: 200, body: {} }), certificate);
    onTestFinished(own.close);
    const bounded = client({ maxSockets: 3 }, own.port);

    await Promise.all(Array.from({ length: 60 }, () => get("/", bounded)));

    expect(own.requests).toHaveLength(60);
    expect(own.connections()).toBe(3);
  });

  it("ignores proxies of the environment", async () => {
    const proxy = await startVendorServer(() => ({ status: 200, body: {} }));
    onTestFinished(proxy.close);
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"];
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
    onTestFinished(() => {
      for (const name of names) delete process.env[name];
    });

    await get("/through");

    expect(proxy.connections()).toBe(0);
  });
});

describe("an answer that is no success", () => {
  it.for([400, 401, 403, 404, 429, 500, 503])("%i rejects with status and body", async (status) => {
    server.misbehave("/status", reply(status, { errors: ["no"] }));

    const error = await failed("/status");

    expect(error).toBeInstanceOf(HttpStatusError);
    expect(error).toMatchObject({ status, body: { errors: ["no"] } });
  });

  it("keeps its body out of what loggers print", async () => {
    server.misbehave("/secret", reply(400, { echo: "s.token" }));

    const error = await failed("/secret");

    expect(
      JSON.stringify(error) + String(error) + Object.values(error as object).join(),
    ).not.toContain("s.token");
  });

  it("has no body when that was cut", async () => {
    server.misbehave("/cut", (response) => {
      response.writeHead(503, { "content-length": "1000" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    });

    expect(await failed("/cut")).toMatchObject({ status: 503, body: undefined });
  });

  it("has no body when it is no JSON", async () => {
    server.misbehave("/gateway", reply(502, "<html>Bad gateway</html>"));

    expect(await failed("/gateway")).toMatchObject({ status: 502, body: undefined });
  });
});

describe("an answer that is no answer", () => {
  it.for([
    ["HTML", html, "not JSON"],
    ["text", reply(200, "OK"), "not JSON"],
    ["half an object", reply(200, '{"a":'), "not JSON"],
    ["cut in the middle", cut, "was cut"],
    ["a redirect to inside", redirect("http://169.254.169.254/latest"), "redirects"],
    ["a redirect to itself", redirect("/again"), "redirects"],
    ["endless", reply(200, JSON.stringify("x".repeat(1_100_000))), "too large"],
  ] as const)("is refused: %s", async ([, mischief, reason]) => {
    server.misbehave("/odd", mischief);
    const before = server.requests.length;

    const error = await failed("/odd");

    expect(error).toBeInstanceOf(HttpAnswerError);
    expect(error).toMatchObject({ message: expect.stringContaining(reason) });
    expect(networkFault(error)?.code).toBe("KMS_RESPONSE_INVALID");
    expect(server.requests).toHaveLength(before + 1);
  });

  it("is refused when it is not even HTTP", async () => {
    const port = await listen((socket) => socket.on("data", () => socket.write("SSH-2.0-x\r\n")));
    const plain = client({ allowedHosts: [`http://localhost:${port}`], tls: false }, port);

    expect(await failed("/", plain)).toBeInstanceOf(HttpAnswerError);
  });
});

describe("a vendor that cannot be reached", () => {
  it("is unreachable when the connection is refused", async () => {
    const port = await listen(() => {}, true);

    expect(networkFault(await failed("/", client({}, port)))).toMatchObject({
      code: "KMS_UNREACHABLE",
      detail: "Code: ECONNREFUSED",
    });
  });

  it("is unreachable when the connection breaks before an answer", async () => {
    server.misbehave("/drop", drop);

    expect(networkFault(await failed("/drop"))?.code).toBe("KMS_UNREACHABLE");
  });

  it("is unreachable when its name does not exist", async () => {
    const missing = Object.assign(new Error("no"), { code: "ENOTFOUND" });

    const error = await failed("/", client({ resolve: () => Promise.reject(missing) }));

    expect(networkFault(error)).toMatchObject({ code: "KMS_UNREACHABLE" });
  });

  it("is unreachable when its certificate is not of our authority", async () => {
    const { cert } = await makeCertificate("localhost");

    const error = await failed("/", client({ caCertificate: cert }));

    expect(networkFault(error)?.code).toBe("KMS_UNREACHABLE");
  });

  it("is unreachable when its certificate is for another name", async () => {
    const other = await makeCertificate("other.example");
    const own = await startVendorServer(() => ({ status: 200, body: {} }), other);
    onTestFinished(own.close);

    const error = await failed("/", client({ caCertificate: other.cert }, own.port));

    expect(networkFault(error)).toEqual({
      code: "KMS_UNREACHABLE",
      detail: "Code: ERR_TLS_CERT_ALTNAME_INVALID",
    });
    expect(own.requests).toHaveLength(0);
  });

  it("is unreachable when it speaks no TLS", async () => {
    const port = await listen((socket) => socket.on("data", () => socket.end("hello\r\n\r\n")));

    expect(networkFault(await failed("/", client({}, port)))?.code).toBe("KMS_UNREACHABLE");
  });

  it("has timed out when no TLS connection stands after the connect timeout", async () => {
    const port = await listen(() => {});

    const error = await failed("/", client({ connectTimeoutMs: 200 }, port));

    expect(networkFault(error)?.code).toBe("KMS_TIMEOUT");
  });
});

describe("an address that turns out to lead inside", () => {
  it("is never connected to", async () => {
    const policy = new AddressPolicy({
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    });
    const address = policy.admit(`https://vault.example.com:${server.port}`, {
      ports: [server.port],
    });
    const before = server.connections();
    const guarded = new HttpClient({ address, caCertificate: certificate.cert });
    onTestFinished(() => guarded.close());

    const error = await failed("/", guarded);

    expect(networkFault(error)).toMatchObject({ code: "KMS_CONFIG_INVALID" });
    expect(server.connections()).toBe(before);
  });
});

describe("the caller's signal", () => {
  it("ends a request that nobody answers, at once", async () => {
    server.misbehave("/hang", hang);
    const controller = new AbortController();
    const call = client()
      .request({ path: "/hang", signal: controller.signal })
      .catch((error: unknown) => error);
    await delay(100);
    const started = performance.now();
    controller.abort();

    expect(await call).toMatchObject({ name: "AbortError" });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("ends a request for which no connection stands yet", async () => {
    const port = await listen(() => {});
    const controller = new AbortController();
    const call = client({ connectTimeoutMs: 30_000 }, port)
      .request({ path: "/", signal: controller.signal })
      .catch((error: unknown) => error);
    await delay(100);
    const started = performance.now();
    controller.abort();

    expect(await call).toMatchObject({ name: "AbortError" });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("keeps a request that waits for a socket from ever being sent", async () => {
    server.misbehave("/slow", (response) => {
      setTimeout(() => response.end("{}"), 300);
    });
    const single = client({ maxSockets: 1 });
    const slow = get("/slow", single);
    const controller = new AbortController();
    const waiting = single
      .request({ path: "/never-sent", signal: controller.signal })
      .catch((error: unknown) => error);

    controller.abort();

    expect(await waiting).toMatchObject({ name: "AbortError" });
    await slow;
    expect((await get("/next", single)).status).toBe(200);
    expect(server.requests.map(({ path }) => path)).not.toContain("/never-sent");
  });

  it("ends a request in the middle of its answer", async () => {
    server.misbehave("/half", (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{");
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);

    const error = await client()
      .request({ path: "/half", signal: controller.signal })
      .catch((error: unknown) => error);

    expect(error).toMatchObject({ name: "AbortError" });
  });
});

interface TestClientOptions extends Partial<HttpClientOptions> {
  readonly allowedHosts?: readonly string[];
  readonly resolve?: () => Promise<never>;
  readonly tls?: boolean;
}

function client(options: TestClientOptions = {}, port: number = server.port): HttpClient {
  const { allowedHosts = [`localhost:${port}`], resolve, tls = true, ...rest } = options;
  const policy = new AddressPolicy({ allowedHosts, ...(resolve && { resolve }) });
  const address = policy.admit(`http${tls ? "s" : ""}://localhost:${port}`, {});
  const made = new HttpClient({ address, caCertificate: certificate.cert, ...rest });
  onTestFinished(() => made.close());
  return made;
}

function get(path: string, from: HttpClient = client()) {
  return from.request({ method: "GET", path, signal: AbortSignal.timeout(10_000) });
}

function failed(path: string, from?: HttpClient): Promise<unknown> {
  return get(path, from).then(
    () => expect.unreachable("the request succeeded"),
    (error: unknown) => error,
  );
}

/** A bare TCP server; `gone` closes it again, so that its port refuses. */
async function listen(onSocket: (socket: Socket) => void, gone = false): Promise<number> {
  const sockets: Socket[] = [];
  const raw = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => void raw.listen(0, "127.0.0.1", resolve));
  const { port } = raw.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void raw.close(resolve));
  };
  if (gone) await close();
  else onTestFinished(close);
  return port;
}
