import { ProxyError } from "../errors.ts";
import type { ExchangedKey, KeyExchange, MadeKey } from "../keys/key-exchange.ts";
import type { KeyQuestion, ToPrimary, ToWorker } from "./calls.ts";
import { type Link, LinkError } from "./link.ts";
import { toPlain } from "./plain-error.ts";
import type { TransportKey } from "./transport-key.ts";

export interface SharedKeysOptions {
  readonly link: Link<ToPrimary, ToWorker>;
  readonly transport: TransportKey;
  /** Processes that wrap with one lease. */
  readonly workers: number;
  /** How long a key that another worker makes is waited for, in milliseconds. */
  readonly patienceMs: number;
}

/** A worker's end of the key broker. Where the primary does not answer, it makes its own keys. */
export class SharedKeys implements KeyExchange {
  readonly share: number;
  readonly #options: SharedKeysOptions;

  constructor(options: SharedKeysOptions) {
    this.#options = options;
    this.share = 1 / options.workers;
  }

  lease<T>(
    name: string,
    replaces: number,
    make: () => Promise<MadeKey<T>>,
    adopt: (key: ExchangedKey) => T,
  ): Promise<T> {
    return this.#share({ kind: "lease", name, replaces }, make, adopt);
  }

  opened<T>(
    name: string,
    open: () => Promise<MadeKey<T>>,
    adopt: (key: ExchangedKey) => T,
  ): Promise<T> {
    return this.#share({ kind: "opened", name, replaces: 0 }, open, adopt);
  }

  withdraw(name: string, leaseId: number): void {
    this.#options.link.tell("withdraw", { name, leaseId });
  }

  async #share<T>(
    question: KeyQuestion,
    make: () => Promise<MadeKey<T>>,
    adopt: (key: ExchangedKey) => T,
  ): Promise<T> {
    const { link, transport, patienceMs } = this.#options;
    const answer = await link.ask("key", question, patienceMs).catch((error: unknown) => {
      if (error instanceof LinkError) return undefined;
      throw error;
    });
    if (answer === undefined) return (await make()).made;
    if ("ticket" in answer) return this.#make(question, answer.ticket, make);
    const key = transport.open(question.name, answer.key);
    try {
      return adopt(key);
    } finally {
      key.key.fill(0);
    }
  }

  async #make<T>(
    { name }: KeyQuestion,
    ticket: number,
    make: () => Promise<MadeKey<T>>,
  ): Promise<T> {
    const { link, transport } = this.#options;
    try {
      const { made, copy } = await make();
      link.tell("keyMade", { ticket, key: transport.seal(name, copy()) });
      return made;
    } catch (error) {
      link.tell("keyFailed", { ticket, error: toPlain(ProxyError.from(error)) });
      throw error;
    }
  }
}
