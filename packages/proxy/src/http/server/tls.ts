import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { createSecureContext } from "node:tls";

/** PEM files of a certificate chain, the server's own first, and of its private key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The contents of {@link TlsFiles}, known to belong together. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads both files and checks that the key belongs to the certificate.
 * @throws Error with a message that names the files and what is wrong, and no part of the key
 */
export async function readTlsPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  const pair = { cert, key };
  try {
    createSecureContext(tlsOptions(pair));
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Error(
      `${certFile} and ${keyFile} are no PEM certificate with its private key (${reason})`,
      { cause: error },
    );
  }
  return pair;
}

/** What a server, or a new context for it, is made of. */
export function tlsOptions({ cert, key }: TlsPair): SecureContextOptions {
  return { cert, key, minVersion: "TLSv1.2" };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Error(`${file} cannot be read (${reason})`, { cause: error });
  }
}
