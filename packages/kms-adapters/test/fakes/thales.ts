import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { jsonObject, strictBytes, type VendorAnswer, type VendorRequest } from "./vendor-server.ts";

type ThalesPermission = "EncryptWithKey" | "DecryptWithKey";

interface KeyVersion {
  /** Of this version alone: a rotation makes a key of the same name with another id. */
  readonly id: string;
  readonly material: Buffer;
  state: "Active" | "Deactivated" | "Compromised" | "Destroyed" | "Pre-Active";
}

export interface ThalesUser {
  readonly name: string;
  readonly password: string;
  readonly domain: string;
  readonly connection: string;
  readonly permissions: Set<ThalesPermission>;
  locked: boolean;
}

interface Session {
  readonly user: ThalesUser;
  readonly domain: string;
  readonly expires: number;
}

const LOGIN_MEMBERS = new Set(
  "grant_type username name password connection domain auth_domain labels cookies".split(" "),
);
const CRYPTO_MEMBERS = new Set("id type plaintext ciphertext iv tag mode version aad".split(" "));

/**
 * CipherTrust Manager, tokens and symmetric crypto, from its public reference and from what others
 * saw on release 2.22: an Accept header is wanted, tokens last 300 seconds, a name stands for its
 * newest version, errors are `{ code, codeDesc, message }`.
 */
export class FakeThales {
  clock = 0;
  durationSeconds = 300;
  throttled = false;
  unlicensed = false;
  distort: ((answer: Record<string, unknown>) => void) | undefined;
  /** One more identifier of a key, such as its UUID, which answers do not repeat. */
  nickname: { readonly id: string; readonly name: string } | undefined;
  readonly #users: ThalesUser[] = [];
  readonly #keys = new Map<string, { readonly domain: string; readonly versions: KeyVersion[] }>();
  readonly #sessions = new Map<string, Session>();

  createUser(change: Partial<ThalesUser> = {}): ThalesUser {
    const user: ThalesUser = {
      name: "tsp-service",
      password: `Pa55"word\\${randomBytes(12).toString("hex")}`,
      domain: "root",
      connection: "local_account",
      permissions: new Set<ThalesPermission>(["EncryptWithKey", "DecryptWithKey"]),
      locked: false,
      ...change,
    };
    this.#users.push(user);
    return user;
  }

  /** Gives the id of the new key's only version. */
  createKey(name: string, domain = "root"): string {
    const version = newVersion();
    this.#keys.set(name, { domain, versions: [version] });
    return version.id;
  }

  rotate(name: string): void {
    this.#keys.get(name)?.versions.push(newVersion());
  }

  setState(name: string, state: KeyVersion["state"]): void {
    for (const version of this.#keys.get(name)?.versions ?? []) version.state = state;
  }

  deleteKey(name: string): void {
    this.#keys.delete(name);
  }

  revokeAll(): void {
    this.#sessions.clear();
  }

  answer(request: VendorRequest): VendorAnswer {
    if (request.headers.accept !== "application/json") {
      return failure(400, 15, "NCERRBadRequest: Bad HTTP request", "Accept header is invalid.");
    }
    const body = jsonObject(request.body);
    if (request.method !== "POST" || !body) {
      return failure(400, 15, "NCERRBadRequest: Bad HTTP request", "malformed JSON");
    }
    if (request.path.replace(/\/$/, "") === "/api/v1/auth/tokens") return this.#login(body);
    const verb = /^\/api\/v1\/crypto\/(encrypt|decrypt)$/.exec(request.path)?.[1];
    if (verb === undefined) return failure(404, 16, "NCERRResourceNotFound: Resource not found");
    return this.#crypto(request.headers.authorization, verb === "encrypt", body);
  }

  #login(body: Record<string, unknown>): VendorAnswer {
    if (!Object.keys(body).every((member) => LOGIN_MEMBERS.has(member))) {
      return failure(400, 15, "NCERRBadRequest: Bad HTTP request", "unknown member");
    }
    const name = body["username"] ?? body["name"];
    const home = body["auth_domain"] ?? "root";
    const domain = body["domain"] ?? "root";
    const connection = body["connection"] ?? "local_account";
    const user = this.#users.find(
      (known) => known.name === name && known.domain === home && known.connection === connection,
    );
    if (!user || user.password !== body["password"] || typeof domain !== "string") {
      const text = "Wrong username or password.";
      return failure(401, 5, "NCERRUnauthorizedAccess: Unauthorized access", text);
    }
    if (user.locked) {
      const text = "The account is locked.";
      return failure(401, 5, "NCERRUnauthorizedAccess: Unauthorized access", text);
    }
    const jwt = ["e30", randomBytes(60).toString("base64url"), "x"].join(".");
    const expires = Date.now() + this.clock + this.durationSeconds * 1_000;
    this.#sessions.set(jwt, { user, domain, expires });
    const answer = { jwt, duration: this.durationSeconds, token_type: "Bearer", client_id: "c" };
    return { status: 200, body: answer };
  }

  #crypto(
    authorization: string | undefined,
    encrypting: boolean,
    body: Record<string, unknown>,
  ): VendorAnswer {
    const session = this.#sessions.get(/^Bearer (\S+)$/.exec(authorization ?? "")?.[1] ?? "");
    if (!session || session.expires <= Date.now() + this.clock) {
      return failure(401, 5, "NCERRUnauthorizedAccess: Unauthorized access", "Token is expired");
    }
    const refusal = this.#refuse(session, encrypting, body);
    if (refusal) return refusal;
    const found = this.#find(body, session.domain);
    if (!found) return failure(404, 16, "NCERRResourceNotFound: Resource not found", "no such key");
    const { version, number } = found;
    if (version.state !== "Active") {
      const text = `Key is not active, its state is ${version.state}.`;
      return failure(409, 10, "NCERRConflict: Resource state conflict", text);
    }
    const answer = encrypting ? encrypt(version, number, body) : decrypt(version, body);
    if (answer.status === 200) this.distort?.(answer.body as Record<string, unknown>);
    return answer;
  }

  #refuse(
    { user }: Session,
    encrypting: boolean,
    body: Record<string, unknown>,
  ): VendorAnswer | undefined {
    if (this.throttled) return failure(429, 40, "NCERRTooManyRequests: Too many requests");
    const permission = encrypting ? "EncryptWithKey" : "DecryptWithKey";
    const denied = "NCERRInsufficientPermissions: Insufficient permissions";
    if (this.unlicensed) return failure(403, 7, denied, "The feature is not licensed.");
    if (!user.permissions.has(permission)) return failure(403, 7, denied, `missing ${permission}`);
    const stranger = Object.keys(body).find((member) => !CRYPTO_MEMBERS.has(member));
    if (stranger) return failure(400, 9, "NCERRInvalidParamValue: Invalid parameter", stranger);
    if (body["mode"] === "gcm") return undefined;
    return failure(400, 9, "NCERRInvalidParamValue: Invalid parameter", "unsupported mode");
  }

  #find(body: Record<string, unknown>, domain: string) {
    const { type, version } = body;
    const id = body["id"] === this.nickname?.id ? this.nickname?.name : body["id"];
    for (const [name, key] of this.#keys) {
      if (key.domain !== domain) continue;
      if (id === name && (type === undefined || type === "name")) {
        const number = typeof version === "number" ? version : key.versions.length - 1;
        const wanted = key.versions[number];
        return wanted && { version: wanted, number };
      }
      const number = key.versions.findIndex((own) => own.id === id);
      const wanted = key.versions[number];
      if (wanted && (type === undefined || type === "id")) {
        return version === undefined || version === number
          ? { version: wanted, number }
          : undefined;
      }
    }
    return undefined;
  }
}

function encrypt(version: KeyVersion, number: number, body: Record<string, unknown>): VendorAnswer {
  const plaintext = strictBytes(body["plaintext"], "base64");
  if (!plaintext) return failure(400, 9, "NCERRInvalidParamValue: Invalid parameter", "plaintext");
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", version.material, iv, { authTagLength: 16 });
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]).toString("base64");
  const [tag, nonce] = [cipher.getAuthTag(), iv].map((bytes) => bytes.toString("base64"));
  const answer = { ciphertext, tag, id: version.id, version: number, mode: "gcm", iv: nonce };
  return { status: 200, body: answer };
}

function decrypt(version: KeyVersion, body: Record<string, unknown>): VendorAnswer {
  const [ciphertext, iv, tag] = ["ciphertext", "iv", "tag"].map((name) =>
    strictBytes(body[name], "base64"),
  );
  const failed = "NCERRCryptoOperationFailed: Cryptographic operation failed";
  if (!ciphertext || !iv?.length || tag?.length !== 16) {
    return failure(400, 9, "NCERRInvalidParamValue: Invalid parameter", "ciphertext, iv or tag");
  }
  try {
    const decipher = createDecipheriv("aes-256-gcm", version.material, iv, { authTagLength: 16 });
    decipher.setAuthTag(tag);
    const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    return { status: 200, body: { plaintext: plaintext.toString("base64") } };
  } catch {
    return failure(400, 106, failed, "in cipher operation");
  }
}

function newVersion(): KeyVersion {
  return { id: randomBytes(32).toString("hex"), material: randomBytes(32), state: "Active" };
}

function failure(status: number, code: number, codeDesc: string, message?: string): VendorAnswer {
  const body = { code, codeDesc, requestID: crypto.randomUUID() };
  return { status, body: message === undefined ? body : { ...body, message } };
}
