import { hash, timingSafeEqual } from "node:crypto";
import { ProxyError } from "../errors.ts";

const FORM = "send the header `Authorization: cmk <API key>`";

const BLANK = 0x20;
const TAB = 0x09;

const HEX_LENGTH = 64;

/** The accepted API keys: two while one is being replaced. Only their hashes are kept. */
export class ApiKeys {
  readonly #hashes: readonly Buffer[];
  // A fresh buffer for each request would cost more than the hash.
  readonly #presented = Buffer.alloc(HEX_LENGTH);

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map((key) => Buffer.from(sha256(key), "latin1"));
  }

  /** Explains what is wrong with the header of a request; undefined when it holds a known key. */
  refusal(header: string | undefined): ProxyError | undefined {
    if (header === undefined) return unauthorized(`The API key is missing: ${FORM}`);
    const key = keyOf(header);
    if (key === undefined) {
      return unauthorized(`The Authorization header is not of the right form: ${FORM}`);
    }
    if (this.#knows(key)) return undefined;
    return unauthorized(`The API key is not one of this proxy: ${FORM} once, with its API key`);
  }

  #knows(key: string): boolean {
    this.#presented.write(sha256(key), "latin1");
    let known = false;
    // Every key is compared, so that timing does not tell which one matched.
    for (const one of this.#hashes) {
      if (timingSafeEqual(one, this.#presented)) known = true;
    }
    return known;
  }
}

/**
 * Whether two header texts are the same; for texts of one length the time it takes tells nothing.
 * A loop over a few characters, because hashing both costs more than the rest of a leased wrap.
 */
export function sameHeader(known: string, sent: string): boolean {
  if (known.length !== sent.length) return false;
  let difference = 0;
  for (let at = 0; at < known.length; at += 1) {
    difference |= known.charCodeAt(at) ^ sent.charCodeAt(at);
  }
  return difference === 0;
}

/** What follows the scheme, without blanks around it; undefined for another scheme or no key. */
function keyOf(header: string): string | undefined {
  const separator = header.charCodeAt(3);
  if (separator !== BLANK && separator !== TAB) return undefined;
  const scheme = header.slice(0, 3);
  if (scheme !== "cmk" && scheme.toLowerCase() !== "cmk") return undefined;
  return header.slice(4).trim() || undefined;
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

function unauthorized(message: string): ProxyError {
  return new ProxyError("UNAUTHORIZED_REQUEST", message);
}
