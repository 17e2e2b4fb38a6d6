import { describe, expect, it, onTestFinished } from "vitest";
import { HttpAnswerError, HttpStatusError } from "../../src/http/errors.ts";
import { networkFault } from "../../src/http/network-fault.ts";
import { cut, html, redirect, reply } from "../fakes/mischief.ts";
import { startVendorServer } from "../fakes/vendor-server.ts";
import { useEcho } from "./echo.ts";
import { listen } from "./raw-server.ts";

const echo = useEcho();

describe("a request", () => {
  it("carries method, path, headers and body, and brings parsed JSON back", async () => {
    const answer = await echo.client().request({
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
    expect(echo.server().requests.at(-1)).toMatchObject({
      method: "PUT",
      path: "/v1/keys",
      headers: {
        accept: "application/json",
        "x-token": "t",
        host: `localhost:${echo.server().port}`,
      },
    });
  });

  it("accepts an answer without a body", async () => {
    echo.server().misbehave("/empty", (response) => response.writeHead(204).end());

    expect(await echo.get("/empty")).toMatchObject({ status: 204, body: undefined });
  });

  it("uses connections again and never more than allowed", async () => {
    const own = await startVendorServer(() => ({ status: 200, body: {} }), echo.certificate());
    onTestFinished(own.close);
    const bounded = echo.client({ maxSockets: 3 }, own.port);

    await Promise.all(Array.from({ length: 60 }, () => echo.get("/", bounded)));

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

    await echo.get("/through");

    expect(proxy.connections()).toBe(0);
  });
});

describe("an answer that is no success", () => {
  it.for([400, 401, 403, 404, 429, 500, 503])("%i rejects with status and body", async (status) => {
    echo.server().misbehave("/status", reply(status, { errors: ["no"] }));

    const error = await echo.failed("/status");

    expect(error).toBeInstanceOf(HttpStatusError);
    expect(error).toMatchObject({ status, body: { errors: ["no"] } });
  });

  it("keeps its body out of what loggers print", async () => {
    echo.server().misbehave("/secret", reply(400, { echo: "s.token" }));

    const error = await echo.failed("/secret");

    expect(
      JSON.stringify(error) + String(error) + Object.values(error as object).join(),
    ).not.toContain("s.token");
  });

  it("has no body when that was cut", async () => {
    echo.server().misbehave("/cut", (response) => {
      response.writeHead(503, { "content-length": "1000" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    });

    expect(await echo.failed("/cut")).toMatchObject({ status: 503, body: undefined });
  });

  it("has no body when it is no JSON", async () => {
    echo.server().misbehave("/gateway", reply(502, "<html>Bad gateway</html>"));

    expect(await echo.failed("/gateway")).toMatchObject({ status: 502, body: undefined });
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
    echo.server().misbehave("/odd", mischief);
    const before = echo.server().requests.length;

    const error = await echo.failed("/odd");

    expect(error).toBeInstanceOf(HttpAnswerError);
    expect(error).toMatchObject({ message: expect.stringContaining(reason) });
    expect(networkFault(error)?.code).toBe("KMS_RESPONSE_INVALID");
    expect(echo.server().requests).toHaveLength(before + 1);
  });

  it("is refused when it is not even HTTP", async () => {
    const port = await listen((socket) => socket.on("data", () => socket.write("SSH-2.0-x\r\n")));
    const plain = echo.client({ allowedHosts: [`http://localhost:${port}`], tls: false }, port);

    expect(await echo.failed("/", plain)).toBeInstanceOf(HttpAnswerError);
  });
});
