import { join } from "node:path";
import { ProxyError } from "../../errors.ts";
import { claim, makeFolder, namesIn } from "./exclusive.ts";
import { MAX_SECRET_ID } from "./secret-file.ts";

export interface SecretIdsOptions {
  /** Folder with one empty file for each id that was ever given out. */
  readonly folder: string;
  /** The highest id of all secrets: for a store whose folder of ids was lost. */
  readonly highestInUse: () => Promise<number>;
}

/** Gives out ids, ascending, each once, also among several processes. */
export class SecretIds {
  readonly #options: SecretIdsOptions;
  #start: Promise<number> | undefined;
  #next = 1;

  constructor(options: SecretIdsOptions) {
    this.#options = options;
  }

  /**
   * An id that nobody ever had. It stays taken, whether or not it is used.
   * @throws ProxyError 401 when there is none left
   */
  async next(): Promise<number> {
    await this.#started();
    for (;;) {
      const id = this.#next;
      this.#next = id + 1;
      if (id > MAX_SECRET_ID) {
        throw new ProxyError("SECRET_CREATION_FAILED", "All ids of tenant secrets are taken");
      }
      if (await claim(join(this.#options.folder, `${id}`))) return id;
      // Another process is ahead of us.
      this.#next = Math.max(this.#next, await this.#firstFree());
    }
  }

  /** Marks an id as given out, so that `next` goes beyond it. It may be marked already. */
  async take(id: number): Promise<void> {
    await this.#started();
    await claim(join(this.#options.folder, `${id}`));
    this.#next = Math.max(this.#next, id + 1);
  }

  /** Looks at the folder once, whoever asks first; again after a failure. */
  async #started(): Promise<void> {
    try {
      this.#start ??= this.#firstFree();
      this.#next = Math.max(this.#next, await this.#start);
    } catch (error) {
      this.#start = undefined;
      throw error;
    }
  }

  async #firstFree(): Promise<number> {
    const { folder, highestInUse } = this.#options;
    let highest = 0;
    for (const name of await namesIn(folder)) {
      if (/^[1-9]\d{0,9}$/.test(name)) highest = Math.max(highest, Number(name));
    }
    if (highest === 0) highest = await highestInUse();
    await makeFolder(folder);
    return highest + 1;
  }
}
