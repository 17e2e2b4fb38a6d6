import { asText, type JsonObject } from "../rest/json.ts";

/** A key has an id of each of these forms, and may be asked for by any. */
const ID_FORMS = [/^[0-9a-f]{64}$/, /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/] as const;
const MAX_VERSIONS = 64;

/**
 * Whether answers are of the key that was asked for. They carry the id of a key version: when the
 * key was asked for by an id of the same form it must be that one; otherwise the id of a version is
 * unknown until the first answer, and must stay the same from then on.
 */
export class KeyIdentity {
  readonly #keyId: string;
  readonly #ids = new Map<number, string>();

  constructor(keyId: string) {
    this.#keyId = keyId.toLowerCase();
  }

  matches(answer: JsonObject, version: number): boolean {
    const id = asText(answer["id"])?.toLowerCase();
    if (id === undefined || id === this.#keyId) return true;
    if (isSameForm(this.#keyId, id) || asText(answer["type"]) === "name") return false;
    const known = this.#ids.get(version);
    if (known === undefined) this.#remember(version, id);
    return known === undefined || known === id;
  }

  #remember(version: number, id: string): void {
    const [oldest] = this.#ids.keys();
    if (this.#ids.size >= MAX_VERSIONS && oldest !== undefined) this.#ids.delete(oldest);
    this.#ids.set(version, id);
  }
}

function isSameForm(one: string, other: string): boolean {
  return ID_FORMS.some((form) => form.test(one) && form.test(other));
}
