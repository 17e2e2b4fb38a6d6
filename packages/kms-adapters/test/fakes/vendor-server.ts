import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { generate } from "selfsigned";

/** One request as a vendor's front end sees it. */
export interface VendorRequest {
  readonly method: string;
  /** Decoded path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface VendorAnswer {
  readonly status: number;
  /** Sent as JSON; a buffer is sent as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes over one request instead of the vendor: to hang, to cut, to answer nonsense. */
export type Mischief = (response: ServerResponse, request: VendorRequest) => void;

export interface VendorServer {
  readonly port: number;
  /** Requests answered so far, newest last. */
  readonly requests: VendorRequest[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Most connections that were open at the same time. */
  readonly mostOpen: () => number;
  /** Connections that are open now. */
  readonly openNow: () => number;
  /** Replaces the answers to the coming requests whose path ends so, in order. */
  readonly misbehave: (pathEnd: string, ...mischief: readonly Mischief[]) => void;
  readonly close: () => Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that signs itself, for host names and for 127.0.0.1; it is its own authority. */
export async function makeCertificate(...names: readonly string[]): Promise<Certificate> {
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    { type: 7 as const, ip: "127.0.0.1" },
  ];
  const { private: key, cert } = await generate([{ name: "commonName", value: "test vendor" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { key, cert };
}

/** Serves one vendor's API on a free port of 127.0.0.1; without a certificate over plain HTTP. */
export async function startVendorServer(
  answer: (request: VendorRequest) => VendorAnswer,
  certificate?: Certificate,
): Promise<VendorServer> {
  const requests: VendorRequest[] = [];
  const mischief: { pathEnd: string; act: Mischief }[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  let mostOpen = 0;

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    void readRequest(incoming).then((request) => {
      requests.push(request);
      const path = request.path.replace(/(?<=.)\/$/, "");
      const trick = mischief.findIndex(({ pathEnd }) => path.endsWith(pathEnd));
      if (trick >= 0) return mischief.splice(trick, 1)[0]?.act(response, request);
      return sendAnswer(response, answer(request));
    });
  };
  const server: Server = certificate
    ? createHttpsServer(certificate, listener)
    : createHttpServer(listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    open.add(socket);
    mostOpen = Math.max(mostOpen, open.size);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    mostOpen: () => mostOpen,
    openNow: () => open.size,
    misbehave: (pathEnd, ...acts) => mischief.push(...acts.map((act) => ({ pathEnd, act }))),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<VendorRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(`http://vendor${incoming.url ?? "/"}`);
  return {
    method: incoming.method ?? "",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function sendAnswer(response: ServerResponse, { status, body, headers }: VendorAnswer): void {
  const text = body instanceof Buffer ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** JSON object of a request, or undefined when it is none. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of text that a strict decoder accepts, else undefined. */
export function strictBytes(value: unknown, encoding: "base64" | "base64url"): Buffer | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, encoding);
  return bytes.toString(encoding) === value ? bytes : undefined;
}
