import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { AddressPolicy } from "../../src/http/address-policy.ts";
import { HttpClient } from "../../src/http/client.ts";
import { networkFault } from "../../src/http/network-fault.ts";
import { drop, hang } from "../fakes/mischief.ts";
import { makeCertificate, startVendorServer } from "../fakes/vendor-server.ts";
import { useEcho } from "./echo.ts";
import { listen } from "./raw-server.ts";

const echo = useEcho();

describe("a vendor that cannot be reached", () => {
  it("is unreachable when the connection is refused", async () => {
    const port = await listen(() => {}, true);

    expect(networkFault(await echo.failed("/", echo.client({}, port)))).toMatchObject({
      code: "KMS_UNREACHABLE",
      detail: "Code: ECONNREFUSED",
    });
  });

  it("is unreachable when the connection breaks before an answer", async () => {
    echo.server().misbehave("/drop", drop);

    expect(networkFault(await echo.failed("/drop"))?.code).toBe("KMS_UNREACHABLE");
  });

  it("is unreachable when its name does not exist", async () => {
    const missing = Object.assign(new Error("no"), { code: "ENOTFOUND" });

    const error = await echo.failed("/", echo.client({ resolve: () => Promise.reject(missing) }));

    expect(networkFault(error)).toMatchObject({ code: "KMS_UNREACHABLE" });
  });

  it("is unreachable when its certificate is not of our authority", async () => {
    const { cert } = await makeCertificate("localhost");

    const error = await echo.failed("/", echo.client({ caCertificate: cert }));

    expect(networkFault(error)?.code).toBe("KMS_UNREACHABLE");
  });

  it("is unreachable when its certificate is for another name", async () => {
    const other = await makeCertificate("other.example");
    const own = await startVendorServer(() => ({ status: 200, body: {} }), other);
    onTestFinished(own.close);

    const error = await echo.failed("/", echo.client({ caCertificate: other.cert }, own.port));

    expect(networkFault(error)).toEqual({
      code: "KMS_UNREACHABLE",
      detail: "Code: ERR_TLS_CERT_ALTNAME_INVALID",
    });
    expect(own.requests).toHaveLength(0);
  });

  it("is unreachable when it speaks no TLS", async () => {
    const port = await listen((socket) => socket.on("data", () => socket.end("hello\r\n\r\n")));

    expect(networkFault(await echo.failed("/", echo.client({}, port)))?.code).toBe(
      "KMS_UNREACHABLE",
    );
  });

  it("has timed out when no TLS connection stands after the connect timeout", async () => {
    const port = await listen(() => {});

    const error = await echo.failed("/", echo.client({ connectTimeoutMs: 200 }, port));

    expect(networkFault(error)?.code).toBe("KMS_TIMEOUT");
  });
});

describe("an address that turns out to lead inside", () => {
  it("is never connected to", async () => {
    const policy = new AddressPolicy({
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    });
    const address = policy.admit(`https://vault.example.com:${echo.server().port}`, {
      ports: [echo.server().port],
    });
    const before = echo.server().connections();
    const guarded = new HttpClient({ address, caCertificate: echo.certificate().cert });
    onTestFinished(() => guarded.close());

    const error = await echo.failed("/", guarded);

    expect(networkFault(error)).toMatchObject({ code: "KMS_CONFIG_INVALID" });
    expect(echo.server().connections()).toBe(before);
  });
});

describe("the caller's signal", () => {
  it("ends a request that nobody answers, at once", async () => {
    echo.server().misbehave("/hang", hang);
    const controller = new AbortController();
    const call = echo
      .client()
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
    const call = echo
      .client({ connectTimeoutMs: 30_000 }, port)
      .request({ path: "/", signal: controller.signal })
      .catch((error: unknown) => error);
    await delay(100);
    const started = performance.now();
    controller.abort();

    expect(await call).toMatchObject({ name: "AbortError" });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("keeps a request that waits for a socket from ever being sent", async () => {
    echo.server().misbehave("/slow", (response) => {
      setTimeout(() => response.end("{}"), 300);
    });
    const single = echo.client({ maxSockets: 1 });
    const slow = echo.get("/slow", single);
    const controller = new AbortController();
    const waiting = single
      .request({ path: "/never-sent", signal: controller.signal })
      .catch((error: unknown) => error);

    controller.abort();

    expect(await waiting).toMatchObject({ name: "AbortError" });
    await slow;
    expect((await echo.get("/next", single)).status).toBe(200);
    expect(echo.server().requests.map(({ path }) => path)).not.toContain("/never-sent");
  });

  it("ends a request in the middle of its answer", async () => {
    echo.server().misbehave("/half", (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{");
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);

    const error = await echo
      .client()
      .request({ path: "/half", signal: controller.signal })
      .catch((error: unknown) => error);

    expect(error).toMatchObject({ name: "AbortError" });
  });
});
