import { HttpClient } from "../http/client.ts";
import { HttpStatusError } from "../http/errors.ts";
import { asObject, asObjects, asText, type JsonObject } from "../rest/json.ts";
import { unusable } from "../rest/unusable.ts";
import type { VaultKmsOptions, VaultSettings } from "./options.ts";

/** What Vault says about a token: for how long, and whether it can be prolonged. */
export interface VaultLease {
  readonly token: string;
  /** 0: it never ends. */
  readonly seconds: number;
  readonly renewable: boolean;
}

const TOKEN = /^[\u0021-\u007e]{1,65536}$/;

/** The handful of Vault's HTTP calls that the driver makes. Rejects with `HttpStatusError`. */
export class VaultClient {
  readonly #http: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(settings: VaultSettings, { connectTimeoutMs, maxSockets }: Partial<VaultKmsOptions>) {
    const { address, caCertificate, namespace } = settings;
    this.#http = new HttpClient({ address, caCertificate, connectTimeoutMs, maxSockets });
    this.#headers = {
      "content-type": "application/json",
      "x-vault-request": "true",
      ...(namespace !== undefined && { "x-vault-namespace": namespace }),
    };
  }

  /** Calls an engine. `data` of the answer; an empty object when there is none. */
  async call(path: string, body: object, token: string, signal: AbortSignal): Promise<JsonObject> {
    return asObject(asObject(await this.#post(path, body, signal, token))["data"]);
  }

  async login(path: string, body: object, signal: AbortSignal): Promise<VaultLease> {
    return leaseOf(await this.#post(path, body, signal));
  }

  async renew(token: string, signal: AbortSignal): Promise<VaultLease> {
    return leaseOf(await this.#post("/v1/auth/token/renew-self", {}, signal, token));
  }

  /** Undefined when Vault does not know the token, or does not let it ask. */
  async lookUp(token: string, signal: AbortSignal): Promise<VaultLease | undefined> {
    try {
      const headers = { ...this.#headers, "x-vault-token": token };
      const path = "/v1/auth/token/lookup-self";
      const { body } = await this.#http.request({ method: "GET", path, headers, signal });
      const { ttl, renewable } = asObject(asObject(body)["data"]);
      return { token, seconds: Number(ttl) || 0, renewable: renewable === true };
    } catch (error) {
      if (error instanceof HttpStatusError && error.status < 500) return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #post(path: string, body: object, signal: AbortSignal, token?: string): Promise<unknown> {
    const headers = token === undefined ? {} : { "x-vault-token": token };
    const answer = await this.#http.request({
      path,
      headers: { ...this.#headers, ...headers },
      body: JSON.stringify(body),
      signal,
    });
    return answer.body;
  }
}

/** The results of a batch, one per item; undefined when this is no answer to a batch of `size`. */
export function batchResults(data: unknown, size: number): readonly JsonObject[] | undefined {
  const results = asObjects(asObject(data)["batch_results"]);
  return results.length === size ? results : undefined;
}

function leaseOf(body: unknown): VaultLease {
  const auth = asObject(asObject(body)["auth"]);
  const token = asText(auth["client_token"]) ?? "";
  const seconds = Number(auth["lease_duration"]);
  if (!TOKEN.test(token) || !(seconds >= 0)) throw unusable("Vault gave no usable token");
  return { token, seconds, renewable: auth["renewable"] === true };
}
