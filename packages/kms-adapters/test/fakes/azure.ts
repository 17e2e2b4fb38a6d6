import { constants, type KeyObject, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import { type AzurePermission, FakeEntra } from "./azure-entra.ts";
import { nextRsaKey } from "./rsa-keys.ts";
import { jsonObject, strictBytes, type VendorAnswer, type VendorRequest } from "./vendor-server.ts";

interface KeyVersion {
  readonly version: string;
  readonly privateKey: KeyObject;
  enabled: boolean;
}

interface VaultKey {
  readonly versions: KeyVersion[];
  deleted: boolean;
}

const HASHES: Readonly<Record<string, string>> = { "RSA-OAEP": "sha1", "RSA-OAEP-256": "sha256" };
const API_VERSION = /^(?:7\.[0-9](?:-preview\.\d)?|20\d\d-\d\d-\d\d)$/;

/**
 * One vault of Azure Key Vault, data plane, from the public REST reference: token and audience
 * checked first, base64url without padding, soft delete, nested error codes.
 */
export class FakeAzure {
  clock = 0;
  readonly entra: FakeEntra = new FakeEntra(() => Date.now() + this.clock);
  readonly audience: string;
  readonly origin: string;
  readonly #keys = new Map<string, VaultKey>();
  throttled = false;
  firewall = false;
  distort: ((answer: Record<string, unknown>) => void) | undefined;

  constructor(origin = "https://acme.vault.azure.net", audience = "https://vault.azure.net") {
    this.origin = origin;
    this.audience = audience;
  }

  createKey(name: string): string {
    this.#keys.set(name.toLowerCase(), { versions: [newVersion()], deleted: false });
    return name;
  }

  rotate(name: string): void {
    this.#key(name).versions.push(newVersion());
  }

  setEnabled(name: string, enabled: boolean): void {
    for (const version of this.#key(name).versions) version.enabled = enabled;
  }

  setDeleted(name: string, deleted: boolean): void {
    this.#key(name).deleted = deleted;
  }

  versions(name: string): readonly string[] {
    return this.#key(name).versions.map(({ version }) => version);
  }

  #key(name: string): VaultKey {
    const key = this.#keys.get(name.toLowerCase());
    if (key === undefined) throw new Error(`no key ${name}`);
    return key;
  }

  /** One host for both APIs: tests tell them apart by path. */
  answer(request: VendorRequest): VendorAnswer {
    return request.path.includes("/oauth2/") ? this.entra.answer(request) : this.#vault(request);
  }

  #vault(request: VendorRequest): VendorAnswer {
    const { name, version, verb } =
      /^\/keys\/(?<name>[^/]+)(?:\/(?<version>[^/]*))?\/(?<verb>wrapkey|unwrapkey|create)$/.exec(
        request.path,
      )?.groups ?? {};
    const refusal = this.#refuseCaller(request, verb ?? "get");
    if (refusal) return refusal;
    if (!API_VERSION.test(request.query.get("api-version") ?? "")) {
      return failure(400, "BadParameter", "api-version must be specified");
    }
    if (request.method === "GET") return this.#get(request.path);
    if (request.method !== "POST" || name === undefined) {
      return failure(404, "NotFound", "No route");
    }
    if (verb === "create") {
      this.createKey(name);
      return this.#get(`/keys/${name}`);
    }
    const answer = this.#operate(name, version ?? "", verb === "wrapkey", request.body);
    if (answer.status === 200) this.distort?.(answer.body as Record<string, unknown>);
    return answer;
  }

  #refuseCaller({ headers }: VendorRequest, verb: string): VendorAnswer | undefined {
    const token = this.entra.holder(headers.authorization);
    if (token === undefined || token.audience !== this.audience) {
      const authority = `https://login.microsoftonline.com/${this.entra.tenantGuid}`;
      const challenge = `Bearer authorization="${authority}", resource="${this.audience}"`;
      const text = token
        ? "AKV10022: Invalid audience."
        : "AKV10000: Request is missing a Bearer or PoP token.";
      return { ...failure(401, "Unauthorized", text), headers: { "www-authenticate": challenge } };
    }
    if (this.throttled) {
      const text = "Request was not processed because too many requests were received.";
      return { ...failure(429, "Throttled", text), headers: { "retry-after": "2" } };
    }
    if (this.firewall) {
      return failure(403, "Forbidden", "Client address is not authorized", "ForbiddenByFirewall");
    }
    const permission = PERMISSIONS[verb] ?? "get";
    if (token.app.permissions.has(permission)) return undefined;
    const who = `appid=${token.app.clientId}`;
    const text = `The application '${who}' does not have keys ${permission} permission.`;
    return failure(403, "Forbidden", text, "ForbiddenByPolicy");
  }

  #find(name: string, version: string): KeyVersion | VendorAnswer {
    const key = this.#keys.get(name.toLowerCase());
    const found =
      version === "" ? key?.versions.at(-1) : key?.versions.find((own) => own.version === version);
    if (found && !key?.deleted) return found;
    const what = version === "" ? name : `${name}/${version}`;
    return failure(404, "KeyNotFound", `A key with (name/id) ${what} was not found in this vault.`);
  }

  #get(path: string): VendorAnswer {
    const [, , name = "", version = ""] = path.split("/");
    const found = this.#find(name, version);
    if ("status" in found) return found;
    const jwk = found.privateKey.export({ format: "jwk" });
    const kid = `${this.origin}/keys/${name}/${found.version}`;
    const key = { kid, kty: "RSA", n: jwk.n, e: jwk.e, key_ops: ["wrapKey", "unwrapKey"] };
    return { status: 200, body: { key, attributes: { enabled: found.enabled } } };
  }

  #operate(name: string, version: string, wrap: boolean, text: string): VendorAnswer {
    const body = jsonObject(text);
    const stranger = Object.keys(body ?? {}).find((member) => !MEMBERS.has(member));
    if (!body || stranger) return failure(400, "BadParameter", `Unexpected property ${stranger}`);
    const oaepHash = HASHES[typeof body["alg"] === "string" ? body["alg"] : ""];
    if (oaepHash === undefined) return failure(400, "BadParameter", "Invalid algorithm");
    const value = strictBytes(body["value"], "base64url");
    if (!value?.length) return failure(400, "BadParameter", "Property 'value' is required");

    const found = this.#find(name, version);
    if ("status" in found) return found;
    if (!found.enabled) {
      const operation = wrap ? "wrapKey" : "unwrapKey";
      const words = `Operation ${operation} is not allowed on a disabled key.`;
      return failure(403, "Forbidden", words, "KeyDisabled");
    }
    const options = { key: found.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
    try {
      const result = wrap ? publicEncrypt(options, value) : privateDecrypt(options, value);
      const kid = `${this.origin}/keys/${name}/${found.version}`;
      return { status: 200, body: { kid, value: result.toString("base64url") } };
    } catch {
      return failure(400, "BadParameter", "The parameter is incorrect.\r\n");
    }
  }
}

const MEMBERS = new Set(["alg", "value"]);
const PERMISSIONS: Readonly<Record<string, AzurePermission>> = {
  create: "create",
  unwrapkey: "unwrapKey",
  wrapkey: "wrapKey",
};

function newVersion(): KeyVersion {
  return { version: randomBytes(16).toString("hex"), privateKey: nextRsaKey(), enabled: true };
}

function failure(status: number, code: string, message: string, inner?: string): VendorAnswer {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return { status, body: { error: { code, message, ...innererror } } };
}
