import { randomBytes } from "node:crypto";
import { Agent, request, type RequestOptions } from "node:https";
import { selfSignedCertificate } from "@tenant-security/testkit";
import { type RunningServer, startContainers } from "./containers.ts";

const CALL_DEADLINE_MS = 30_000;

export interface Answer {
  readonly status: number;
  /** About what it accepts now and will not for ever. */
  readonly warnings: readonly string[];
  readonly body: { readonly message?: string } & Readonly<Record<string, unknown>>;
}

/** A real API server with an empty etcd behind it: no kubelet, no scheduler, no controllers. */
export class ApiServer {
  readonly #server: RunningServer;
  readonly #options: RequestOptions;

  static async start(): Promise<ApiServer> {
    const certificate = selfSignedCertificate();
    const token = randomBytes(24).toString("hex");
    const server = await startContainers(certificate, token);
    return new ApiServer(server, {
      host: server.host,
      port: server.port,
      agent: new Agent({ ca: certificate.cert, keepAlive: true }),
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    });
  }

  private constructor(server: RunningServer, options: RequestOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Sends JSON as an administrator. Answers of every status come back. */
  call(method: string, path: string, body?: object): Promise<Answer> {
    const signal = AbortSignal.timeout(CALL_DEADLINE_MS);
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...this.#options, method, path, signal }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          // What it does not serve at all is answered in plain text.
          const json = response.headers["content-type"] === "application/json";
          resolve({
            status: response.statusCode ?? 0,
            warnings: response.headersDistinct["warning"] ?? [],
            body: json ? (JSON.parse(text) as Answer["body"]) : { message: text },
          });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body && JSON.stringify(body));
    });
  }

  /** Creates an object. Rejects unless the server says that it did. */
  async create(path: string, body: object): Promise<void> {
    const answer = await this.call("POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.body.message}`);
  }

  async stop(): Promise<void> {
    (this.#options.agent as Agent).destroy();
    await this.#server.stop();
  }
}
