import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server makes of a call; the name of the key in its path decides. */
export type VaultBehaviour = (call: VaultCall) => VaultAnswer | Promise<VaultAnswer>;

export interface VaultCall {
  readonly operation: "encrypt" | "decrypt";
  /** Base64 of the keys to wrap, or what `encrypt` gave back. */
  readonly inputs: readonly string[];
  /** The inputs came as a batch, and so do the results. */
  readonly batch: boolean;
  /** The credential that came with the call. */
  readonly token: string;
}

export interface VaultAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection: before anything is sent, or in the middle of the body. */
  readonly broken?: "before" | "within";
}

const PREFIX = "vault:v1:";

/** Wraps by writing a prefix in front: enough to come back, and nothing else is promised. */
export const honest: VaultBehaviour = ({ operation, inputs, batch }) => {
  const results = inputs.map((input) =>
    operation === "encrypt"
      ? { ciphertext: PREFIX + input, key_version: 1 }
      : { plaintext: input.slice(PREFIX.length) },
  );
  return answer(200, { data: batch ? { batch_results: results } : results[0] });
};

/** Always the same answer. */
export function refusing(status: number, body: unknown): VaultBehaviour {
  return () => answer(status, body);
}

/**
 * A plain-HTTP stand-in for the transit engine that misbehaves on demand. For how the proxy takes
 * faults; whether it speaks to a real Vault is tested with a real Vault.
 */
export class FakeVault {
  readonly #server: Server;
  readonly #behaviours: ReadonlyMap<string, VaultBehaviour>;
  /** Requests seen, by key name. */
  readonly calls: Map<string, number> = new Map();

  private constructor(behaviours: Readonly<Record<string, VaultBehaviour>>) {
    this.#behaviours = new Map(Object.entries(behaviours));
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(behaviours: Readonly<Record<string, VaultBehaviour>>): Promise<FakeVault> {
    const vault = new FakeVault(behaviours);
    await new Promise<void>((resolve) => void vault.#server.listen(0, "127.0.0.1", resolve));
    return vault;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, operation, key = ""] = /\/(encrypt|decrypt)\/([^/?]+)/.exec(request.url ?? "") ?? [];
    const behaviour = this.#behaviours.get(decodeURIComponent(key));
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
    const sent = await readInputs(request);
    const token = String(request.headers["x-vault-token"]);
    const { status, body, headers, broken } =
      behaviour === undefined || operation === undefined
        ? answer(404, { errors: [] })
        : await behaviour({ operation: operation as VaultCall["operation"], token, ...sent });
    if (broken === "before") {
      request.socket.resetAndDestroy();
      return;
    }
    const length = Buffer.byteLength(body);
    const type = { "content-type": "application/json", "content-length": String(length) };
    response.writeHead(status, { ...type, ...headers });
    if (broken === "within") {
      response.write(body.slice(0, length >> 1), () => request.socket.destroy());
      return;
    }
    response.end(body);
  }
}

function answer(status: number, body: unknown): VaultAnswer {
  return { status, body: typeof body === "string" ? body : JSON.stringify(body) };
}

interface Item {
  readonly plaintext?: string;
  readonly ciphertext?: string;
}

async function readInputs(request: IncomingMessage): Promise<Pick<VaultCall, "inputs" | "batch">> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const body = JSON.parse(text || "{}") as Item & { readonly batch_input?: readonly Item[] };
  const items = body.batch_input ?? [body];
  return {
    inputs: items.map(({ plaintext, ciphertext }) => plaintext ?? ciphertext ?? ""),
    batch: body.batch_input !== undefined,
  };
}
