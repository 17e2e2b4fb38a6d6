import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { DataFolder, selfSignedCertificate, send } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { readTlsPair, type TlsPair } from "../../src/http/server/tls.ts";
import { watchTls } from "../../src/http/server/tls-watch.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp, type TestServer } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BYTES = requestBytes(WRAP, JSON.stringify(METADATA));

describe("TLS", () => {
  it("serves the same protocol", async () => {
    const { cert, server } = await startTls();
    const url = `https://localhost:${portOf(server)}${WRAP}`;

    const answer = await send(url, METADATA, { ca: cert });

    expect(answer).toMatchObject({ status: 200, json: { dek: expect.any(String) } });
  });

  it.for([
    ["TLSv1.3", "TLSv1.3"],
    ["TLSv1.2", "TLSv1.2"],
  ] as const)("speaks %s", async ([version, expected]) => {
    const { server } = await startTls();

    const socket = await tls(server, { minVersion: version, maxVersion: version });

    expect(socket.getProtocol()).toBe(expected);
  });

  it("speaks nothing older than 1.2", async () => {
    const { server } = await startTls();
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;

    await expect(tls(server, old)).rejects.toThrow(/alert|protocol/i);

    expect((await handshaken(server)).getProtocol()).toBe("TLSv1.3");
  });

  it("is not spoken to in plain HTTP", async () => {
    const { server } = await startTls();
    const client = await RawClient.open(`http://127.0.0.1:${portOf(server)}`);

    client.write(BYTES);
    await client.end();

    expect(client.received).not.toContain("HTTP/1.1 200");
  });

  it("limits connections too", async () => {
    const { server, observer } = await startTls({ maxConnections: 1 });
    await handshaken(server);
    await until(() => observer.connected === 1);

    const second = new RawClient(await handshaken(server));

    expect((await second.write(BYTES).answer()).status).toBe(503);
    expect(observer.rejected).toBe(1);
  });

  it("is served to others while a thousand clients never finish their handshake", async () => {
    const { cert, server } = await startTls({ maxConnections: 1_000 });
    const slow = Array.from({ length: 1_000 }, async (_, index) => {
      const client = await RawClient.open(`http://127.0.0.1:${portOf(server)}`);
      // The beginning of a TLS record that promises more.
      return client.write("\x16\x03\x01\x02\x00\x01".slice(0, index % 7));
    });
    await Promise.all(slow);

    const url = `https://localhost:${portOf(server)}${WRAP}`;
    for (let count = 0; count < 50; count += 1) {
      expect((await send(url, METADATA, { ca: cert })).status).toBe(200);
    }
  });

  it("drains: answers what was sent, closes the rest, waits for no handshake", async () => {
    const { server, observer } = await startTls();
    const idle = new RawClient(await handshaken(server));
    await idle.write(BYTES).answer();
    const half = new RawClient(await handshaken(server));
    half.write(BYTES.slice(0, 60));
    const silent = connectTcp(portOf(server), "127.0.0.1").on("error", () => {});
    onTestFinished(() => void silent.destroy());
    await until(() => observer.connected === 2);

    const drained = server.drain(30_000);
    await new Promise((resolve) => void setTimeout(resolve, 1_500));
    half.write(BYTES.slice(60));

    expect(await half.answer()).toMatchObject({ status: 200 });
    expect(await idle.end()).toBe("closed");
    expect(await drained).toBe(false);
  });

  it("takes a new certificate without a pause, and open connections stay", async () => {
    const { server, cert } = await startTls();
    const old = new RawClient(await handshaken(server));
    const next = selfSignedCertificate();

    server.replaceTls({ cert: Buffer.from(next.cert), key: Buffer.from(next.key) });

    const url = `https://localhost:${portOf(server)}${WRAP}`;
    expect((await send(url, METADATA, { ca: next.cert })).status).toBe(200);
    await expect(send(url, METADATA, { ca: cert })).rejects.toThrow(/self-signed|certificate/i);
    expect((await old.write(BYTES).answer()).status).toBe(200);
  });
});

describe("the files of a certificate", () => {
  it("are followed when they change, and stay in use when the new ones are broken", async () => {
    const { folder, files, pair } = await certificateFiles();
    const replaced: TlsPair[] = [];
    const refused: Error[] = [];
    onTestFinished(
      watchTls({
        files,
        pair,
        replaced: (next) => void replaced.push(next),
        refused: (error) => void refused.push(error),
      }),
    );

    folder.replace("server.pem", "no certificate");
    await until(() => refused.length > 0);
    expect(replaced).toEqual([]);

    const next = selfSignedCertificate();
    folder.replace("server.pem", next.cert);
    folder.replace("server.key", next.key);
    await until(() => replaced.length > 0);

    expect(replaced.map(({ cert }) => cert.toString())).toEqual([next.cert]);
    expect(refused.map(({ message }) => message).join()).toContain("server.pem");
    expect(refused.map(({ message }) => message).join()).not.toContain("BEGIN");
  });

  it("cause nothing when they are written again as they were", async () => {
    const { folder, files, pair } = await certificateFiles();
    let changes = 0;
    onTestFinished(
      watchTls({ files, pair, replaced: () => (changes += 1), refused: () => (changes += 1) }),
    );

    folder.replace("server.pem", pair.cert);
    folder.replace("server.key", pair.key);
    await new Promise((resolve) => void setTimeout(resolve, 1_000));

    expect(changes).toBe(0);
  });

  it.for([
    ["a missing certificate", { cert: undefined }, "server.pem cannot be read (ENOENT)"],
    ["a missing key", { key: undefined }, "server.key cannot be read (ENOENT)"],
    ["a key of another certificate", { key: selfSignedCertificate().key }, "with its private key"],
    ["text instead of a key", { key: "not a secret" }, "with its private key"],
    ["an empty certificate", { cert: "" }, "with its private key"],
  ] as const)("are refused with %s", async ([, change, text]) => {
    const folder = temporaryFolder();
    const { cert, key } = { ...selfSignedCertificate(), ...change };
    const files = { certFile: folder.file("server.pem"), keyFile: folder.file("server.key") };
    if (cert !== undefined) writeFileSync(files.certFile, cert);
    if (key !== undefined) writeFileSync(files.keyFile, key);

    await expect(readTlsPair(files)).rejects.toThrow(text);
    await expect(readTlsPair(files)).rejects.not.toThrow("not a secret");
  });
});

async function startTls(limits: { maxConnections?: number } = {}) {
  const { cert, key } = selfSignedCertificate();
  const pair = { cert: Buffer.from(cert), key: Buffer.from(key) };
  return { ...(await startHttp({ tls: pair, limits })), cert };
}

function portOf({ app }: TestServer["server"]): number {
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function handshaken(server: TestServer["server"]): Promise<TLSSocket> {
  return tls(server, {});
}

async function tls(server: TestServer["server"], options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port: portOf(server),
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

function temporaryFolder(): DataFolder {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  return folder;
}

async function certificateFiles() {
  const folder = temporaryFolder();
  const { cert, key } = selfSignedCertificate();
  const files = {
    certFile: folder.write("server.pem", cert),
    keyFile: folder.write("server.key", key),
  };
  return { folder, files, pair: await readTlsPair(files) };
}
