import { DriverError } from "../driver-error.ts";
import { HttpStatusError } from "../http/errors.ts";
import { asObject, asText, type JsonObject } from "../rest/json.ts";
import { unusable } from "../rest/unusable.ts";
import { batchResults, type VaultClient } from "./client.ts";
import { Coalescer, type Outcome } from "./coalescer.ts";
import { errorText, explained, vaultFault } from "./faults.ts";
import type { VaultSettings } from "./options.ts";
import type { VaultToken } from "./token.ts";

type Verb = "encrypt" | "decrypt";

const INPUT = { encrypt: "plaintext", decrypt: "ciphertext" } as const;
const OUTPUT = { encrypt: "ciphertext", decrypt: "plaintext" } as const;

/** One key of the transit engine. Calls made at the same time go out as one batch. */
export class Transit {
  readonly #client: Pick<VaultClient, "call">;
  readonly #token: VaultToken;
  readonly #settings: VaultSettings;
  readonly #encrypt: Coalescer;
  readonly #decrypt: Coalescer;
  /** False once a server turned out to know single calls only. */
  #batches = true;

  constructor(client: Pick<VaultClient, "call">, token: VaultToken, settings: VaultSettings) {
    this.#client = client;
    this.#token = token;
    this.#settings = settings;
    this.#encrypt = new Coalescer((inputs, signal) => this.#send("encrypt", inputs, signal));
    this.#decrypt = new Coalescer((inputs, signal) => this.#send("decrypt", inputs, signal));
  }

  /** Base64 in, `vault:v…` out, whatever the server said: the caller checks it. */
  encrypt(plaintext: string, signal: AbortSignal): Promise<string> {
    return this.#encrypt.add(plaintext, signal);
  }

  decrypt(ciphertext: string, signal: AbortSignal): Promise<string> {
    return this.#decrypt.add(ciphertext, signal);
  }

  async #send(
    verb: Verb,
    inputs: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    if (inputs.length === 1 || !this.#batches) return this.#each(verb, inputs, signal);
    const results = await this.#batch(verb, inputs, signal);
    if (results !== undefined) return results.map((result) => this.#outcome(verb, result));

    const outcomes = await this.#each(verb, inputs, signal);
    if (outcomes.some((outcome) => typeof outcome === "string")) this.#batches = false;
    return outcomes;
  }

  /** Undefined when the server did not take it for a batch. */
  async #batch(
    verb: Verb,
    inputs: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly JsonObject[] | undefined> {
    const body = { batch_input: inputs.map((input) => ({ [INPUT[verb]]: input })) };
    try {
      return batchResults(await this.#call(verb, body, signal), inputs.length);
    } catch (error) {
      // Items that fail make the whole answer a 400, the results of the others included.
      if (!(error instanceof HttpStatusError) || error.status !== 400) {
        throw this.#explain(error, inputs);
      }
      return batchResults(asObject(error.body)["data"], inputs.length);
    }
  }

  #each(verb: Verb, inputs: readonly string[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return Promise.all(
      inputs.map(async (input) => {
        try {
          const data = await this.#call(verb, { [INPUT[verb]]: input }, signal);
          return this.#outcome(verb, data);
        } catch (error) {
          return this.#explain(error, [input]);
        }
      }),
    );
  }

  #outcome(verb: Verb, result: JsonObject): Outcome {
    const error = asText(result["error"]) ?? "";
    if (error !== "") {
      const text = errorText({ errors: [error] });
      return new DriverError(vaultFault("transit", 400, text, this.#token.secrets));
    }
    const name = OUTPUT[verb];
    return asText(result[name]) ?? unusable(`Vault answered without a ${name}`);
  }

  #call(verb: Verb, body: object, signal: AbortSignal): Promise<JsonObject> {
    const { mountPath, keyName } = this.#settings;
    const path = `/v1/${mountPath}/${verb}/${keyName}`;
    return this.#token.use(signal, (token) => this.#client.call(path, body, token, signal));
  }

  #explain(error: unknown, inputs: readonly string[]): Error {
    const known = explained("transit", error, [...this.#token.secrets, ...inputs]);
    return known instanceof Error ? known : new Error("the call failed", { cause: known });
  }
}
