import { X509Certificate } from "node:crypto";
import { Agent } from "node:https";
import { connect, type PeerCertificate } from "node:tls";
import {
  type Certificate,
  childrenOf,
  type DataFolder,
  get,
  type Proxy,
  RawSocket,
  selfSignedCertificate,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { body, post, WRAP } from "./support/requests.ts";
import { temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const ENDS_SOON = "certificate ends soon";

function install(folder: DataFolder, { cert, key }: Certificate): void {
  folder.replace("server.crt", cert);
  folder.replace("server.key", key);
}

interface TlsProxyOptions {
  readonly certificate?: Certificate;
  readonly workers?: string;
}

async function tlsProxy(options: TlsProxyOptions = {}) {
  const { certificate = selfSignedCertificate(), workers } = options;
  const folder = temporaryFolder();
  install(folder, certificate);
  const proxy = await temporaryProxy({
    folder,
    env: {
      TSP_TLS_CERT_FILE: folder.file("server.crt"),
      TSP_TLS_KEY_FILE: folder.file("server.key"),
      ...(workers !== undefined && { TSP_WORKERS: workers }),
    },
  });
  return { folder, proxy, certificate };
}

/** Fingerprint of the certificate that a new connection is shown. */
async function served({ url }: Proxy): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: "127.0.0.1", rejectUnauthorized: false });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const certificate: PeerCertificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(certificate.fingerprint256);
    });
  });
}

/** When a certificate ends, in seconds since the Unix epoch. */
const end = ({ cert }: Certificate): number =>
  new X509Certificate(cert).validToDate.getTime() / 1_000;

const fingerprint = ({ cert }: Certificate): string => new X509Certificate(cert).fingerprint256;

describe("TLS by files", () => {
  it("serves the API under the certificate", async () => {
    const { proxy, certificate } = await tlsProxy();

    const answer = await post(proxy.url, WRAP, body("leased"), { ca: certificate.cert });

    expect(answer.status).toBe(200);
    expect(await served(proxy)).toBe(fingerprint(certificate));
  });

  it("takes a new certificate without a restart and without breaking connections", async () => {
    const { folder, proxy, certificate } = await tlsProxy();
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: certificate.cert });
    onTestFinished(() => agent.destroy());
    expect((await post(proxy.url, WRAP, body("leased"), { agent })).status).toBe(200);

    const next = selfSignedCertificate();
    install(folder, next);

    expect(
      await eventually(
        () => served(proxy),
        (seen) => seen === fingerprint(next),
      ),
    ).toBe(fingerprint(next));
    expect((await post(proxy.url, WRAP, body("leased"), { agent })).status).toBe(200);
    expect((await post(proxy.url, WRAP, body("leased"), { ca: next.cert })).status).toBe(200);
  });

  it("keeps the old certificate while the new files do not fit", async () => {
    const { folder, proxy, certificate } = await tlsProxy();

    folder.replace("server.key", selfSignedCertificate().key);
    await proxy.program.until(() =>
      proxy.program.log.find(({ level }) => level === "error" || level === "warn"),
    );
    folder.replace("server.crt", "nothing");

    expect(await served(proxy)).toBe(fingerprint(certificate));
    expect((await post(proxy.url, WRAP, body("leased"), { ca: certificate.cert })).status).toBe(
      200,
    );

    const next = selfSignedCertificate();
    install(folder, next);
    expect(
      await eventually(
        () => served(proxy),
        (seen) => seen === fingerprint(next),
      ),
    ).toBe(fingerprint(next));
  });

  it.for([
    ["one process", "1"],
    ["two workers", "2"],
  ] as const)("shows when the certificate of %s ends, also of a new one", async ([, workers]) => {
    const { folder, proxy, certificate } = await tlsProxy({ workers });
    const both = [certificate, selfSignedCertificate({ days: 5 })] as const;
    const ca = both.map(({ cert }) => cert).join("");
    const shown = () => metric(proxy.url, "tsp_tls_certificate_expiry_timestamp_seconds", { ca });
    const warned = () => proxy.program.log.find(({ message }) => message === ENDS_SOON);
    expect(await shown()).toBe(end(certificate));
    expect(warned()).toBeUndefined();

    install(folder, both[1]);

    expect(await eventually(shown, (seen) => seen === end(both[1]))).toBe(end(both[1]));
    expect(await proxy.program.until(warned)).toMatchObject({
      level: "warn",
      end: new Date(1_000 * end(both[1])).toISOString(),
    });
  });

  it("gives a worker that takes another's place the old certificate while the files do not fit", async () => {
    const { folder, proxy, certificate } = await tlsProxy({ workers: "2" });
    const shown = (name: string) => metric(proxy.url, name, { ca: certificate.cert });
    folder.replace("server.key", selfSignedCertificate().key);
    await proxy.program.until(() => proxy.program.log.find(({ level }) => level === "error"));

    for (const worker of childrenOf(proxy.program.process.pid ?? 0)) {
      process.kill(worker, "SIGKILL");
    }

    await expect.poll(() => shown("tsp_workers").catch(() => 0), { timeout: 20_000 }).toBe(2);
    expect(await shown("tsp_worker_restarts_total")).toBe(2);
    expect(await served(proxy)).toBe(fingerprint(certificate));
    expect((await get(`${proxy.healthUrl}/ready`)).status).toBe(200);
  });

  it("says once that all workers have a new certificate, and all of them show it", async () => {
    const { folder, proxy } = await tlsProxy({ workers: "2" });
    const next = selfSignedCertificate();
    install(folder, next);
    const said = () => proxy.program.log.filter(({ message }) => message.startsWith("certificate"));

    await eventually(said, ({ length }) => length > 0);

    for (let count = 0; count < 6; count += 1) expect(await served(proxy)).toBe(fingerprint(next));
    expect(said()).toMatchObject([{ message: "certificate replaced" }]);
  });

  it("warns of a certificate that has ended, and serves it: who checks it is the client", async () => {
    const { proxy, certificate } = await tlsProxy({
      certificate: selfSignedCertificate({ days: -1 }),
    });

    expect(await served(proxy)).toBe(fingerprint(certificate));
    const { level } = await proxy.program.until(() =>
      proxy.program.log.find(({ message }) => message === "certificate has ended"),
    );
    expect(level).toBe("warn");
  });

  it("closes on a client that speaks no TLS, and serves the next one", async () => {
    const { proxy, certificate } = await tlsProxy();
    const socket = await RawSocket.open(proxy.url);
    onTestFinished(() => socket.close());

    socket.write("GET / HTTP/1.1\r\nHost: p\r\n\r\n");
    await socket.end();

    expect((await post(proxy.url, WRAP, body("leased"), { ca: certificate.cert })).status).toBe(
      200,
    );
  });

  it("speaks nothing older than TLS 1.2", async () => {
    const { proxy } = await tlsProxy();
    const { port } = new URL(proxy.url);
    const socket = connect({
      port: Number(port),
      host: "127.0.0.1",
      rejectUnauthorized: false,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const ended = await new Promise((resolve) => {
      socket.once("error", () => resolve("refused"));
      socket.once("secureConnect", () => resolve("accepted"));
    });
    socket.destroy();

    expect(ended).toBe("refused");
  });
});
