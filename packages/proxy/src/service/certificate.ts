import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { readTlsPair, type TlsFiles, type TlsPair } from "../http/server/tls.ts";
import { watchTls } from "../http/server/tls-watch.ts";
import { noticeCertificate } from "./certificate-notice.ts";

export interface CertificateOptions {
  readonly files: TlsFiles;
  readonly metrics: Pick<Metrics, "tlsCertificateExpiry">;
  readonly logger: Logger;
}

/** The certificate of the HTTP port: of what its files held, the last pair that can be used. */
export class Certificate {
  #pair: TlsPair;
  #onReplaced: (pair: TlsPair) => void = () => {};
  readonly #stopWatching: () => void;

  private constructor({ files, metrics, logger }: CertificateOptions, pair: TlsPair) {
    this.#pair = pair;
    noticeCertificate(pair, metrics, logger);
    this.#stopWatching = watchTls({
      files,
      pair,
      replaced: (next) => {
        this.#pair = next;
        this.#onReplaced(next);
        logger.info("certificate replaced");
        noticeCertificate(next, metrics, logger);
      },
      refused: ({ message }) => {
        logger.error({ reason: message }, "certificate not replaced, the old one stays");
      },
    });
  }

  /** @throws Error that names the files and what is wrong with them */
  static async open(options: CertificateOptions): Promise<Certificate> {
    return new Certificate(options, await readTlsPair(options.files));
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** Tells of each pair that takes the place of the one before. */
  onReplaced(replaced: (pair: TlsPair) => void): void {
    this.#onReplaced = replaced;
  }

  close(): void {
    this.#stopWatching();
  }
}
