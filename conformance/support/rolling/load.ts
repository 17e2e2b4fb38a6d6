import type { TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import { RawSocket } from "@tenant-security/testkit";
import { apiRequest, body, WRAP } from "../../../packages/proxy/test/system/support/requests.ts";
import { decrypt, encrypt } from "../kms/documents.ts";

const LAST_ANSWER = /^connection: close$/im;
const TENANT = "leased";

/** Callers that go on until they are told to end, and what came of it. */
export class Load {
  readonly failures: string[] = [];
  succeeded = 0;
  #running = true;
  readonly #callers: Promise<unknown>;

  /** `work` is done again and again by each caller, whose first failure is its last. */
  constructor(callers: number, work: (load: Load) => Promise<void>) {
    this.#callers = Promise.all(Array.from({ length: callers }, () => this.#call(work)));
  }

  get running(): boolean {
    return this.#running;
  }

  /** Lets what has begun come to its end. */
  async end(): Promise<void> {
    this.#running = false;
    await this.#callers;
  }

  async #call(work: (load: Load) => Promise<void>): Promise<void> {
    try {
      while (this.#running) await work(this);
    } catch (error) {
      this.failures.push(String(error));
    }
  }
}

/** Callers of the published client, which keeps its connections by itself. */
export function clientLoad(client: TenantSecurityClient, callers: number): Load {
  return new Load(callers, async (load) => {
    const document = await encrypt(client, TENANT, "mine");
    const opened = await decrypt(client, TENANT, document);
    if (opened !== "mine") throw new Error(`decrypted to ${opened}`);
    load.succeeded += 2;
  });
}

/** Connections that send one request after another, and open anew only when they are told to. */
export function rawLoad(origin: string, connections: number): Load {
  const request = apiRequest(WRAP, body(TENANT));
  return new Load(connections, async (load) => {
    const socket = await RawSocket.open(origin);
    try {
      while (load.running) {
        socket.write(request);
        const { status, head } = await socket.answer();
        if (status !== 200) throw new Error(`HTTP ${status}`);
        load.succeeded += 1;
        if (LAST_ANSWER.test(head)) return;
      }
    } finally {
      socket.close();
    }
  });
}
