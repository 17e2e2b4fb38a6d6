import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import {
  type Certificate,
  jsonObject,
  startVendorServer,
  strictBytes,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from "./vendor-server.ts";

export interface FakeVaultOptions {
  readonly certificate?: Certificate;
  /** An older or simpler server: knows no batches and never says "invalid token". */
  readonly old?: boolean;
  /** Seconds that a token of a log-in lives. Default: 3 600. */
  readonly tokenSeconds?: number;
}

export interface FakeVault extends VendorServer {
  /** Tokens that are good now. */
  readonly tokens: Set<string>;
  readonly mostBatched: () => number;
  readonly tls: boolean;
}

export const APP_ROLE = { roleId: "role-1", secretId: "secret-1" };
export const JWT = { role: "proxy", jwt: "aaa.bbb.ccc" };

/** As much of Vault's transit engine and tokens as the driver uses, in Vault's own words. */
export async function startFakeVault(options: FakeVaultOptions = {}): Promise<FakeVault> {
  const { certificate, old = false, tokenSeconds = 3_600 } = options;
  const tokens = new Set(["static-token"]);
  const keys = new Map<string, Buffer>();
  let mostBatched = 0;

  const keyOf = (name: string): Buffer => {
    const key = keys.get(name) ?? randomBytes(32);
    keys.set(name, key);
    return key;
  };

  function answer({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const login = /^\/v1\/auth\/(?<mount>[\w/]+)\/login$/.exec(path)?.groups?.["mount"];
    if (login !== undefined) return logIn(login, jsonObject(body) ?? {});
    const token = String(headers["x-vault-token"]);
    if (!tokens.has(token)) return forbidden(old ? [] : ["invalid token"]);
    if (path === "/v1/auth/token/lookup-self" && method === "GET") {
      return { status: 200, body: { data: { ttl: 0, renewable: false } } };
    }
    const transit = /^\/v1\/(?:[\w/]+)\/(?<verb>encrypt|decrypt)\/(?<name>[\w.-]+)$/.exec(path);
    if (!transit?.groups || method !== "POST") return failed(404, "no handler for route");
    if (transit.groups["name"] === "denied") return forbidden([]);
    return run(transit.groups["verb"] ?? "", transit.groups["name"] ?? "", jsonObject(body) ?? {});
  }

  function logIn(mount: string, given: Record<string, unknown>): VendorAnswer {
    const good =
      mount === "jwt"
        ? given["jwt"] === JWT.jwt && given["role"] === JWT.role
        : given["role_id"] === APP_ROLE.roleId && given["secret_id"] === APP_ROLE.secretId;
    if (!good) return failed(400, "invalid role or secret ID");
    const token = `hvs.${randomBytes(12).toString("hex")}`;
    tokens.add(token);
    const auth = { client_token: token, lease_duration: tokenSeconds, renewable: false };
    return { status: 200, body: { auth } };
  }

  function run(verb: string, name: string, given: Record<string, unknown>): VendorAnswer {
    const batch = given["batch_input"];
    if (!Array.isArray(batch) || old) {
      const result = one(verb, keyOf(name), given);
      return "error" in result
        ? failed(400, result["error"] ?? "")
        : { status: 200, body: { data: result } };
    }
    mostBatched = Math.max(mostBatched, batch.length);
    const results = batch.map((item: Record<string, unknown>) => one(verb, keyOf(name), item));
    const status = results.some((result) => "error" in result) ? 400 : 200;
    return { status, body: { data: { batch_results: results } } };
  }

  const server = await startVendorServer(answer, certificate);
  return { ...server, tokens, mostBatched: () => mostBatched, tls: certificate !== undefined };
}

function one(verb: string, key: Buffer, given: Record<string, unknown>): Record<string, string> {
  return verb === "encrypt" ? encrypt(key, given["plaintext"]) : decrypt(key, given["ciphertext"]);
}

function encrypt(key: Buffer, text: unknown): Record<string, string> {
  const plaintext = strictBytes(text, "base64");
  if (plaintext === undefined) return { error: "missing plaintext to encrypt" };
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  const body = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: `vault:v1:${body.toString("base64")}` };
}

function decrypt(key: Buffer, text: unknown): Record<string, string> {
  const body = strictBytes(/^vault:v1:(.+)$/.exec(String(text))?.[1], "base64");
  if (body === undefined) return { error: "invalid ciphertext: no prefix" };
  if (body.byteLength < 29) return { error: "invalid ciphertext length" };
  try {
    const iv = body.subarray(0, 12);
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
    decipher.setAuthTag(body.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]);
    return { plaintext: plaintext.toString("base64") };
  } catch {
    return { error: "cipher: message authentication failed" };
  }
}

function forbidden(more: readonly string[]): VendorAnswer {
  const bullets = ["permission denied", ...more].map((text) => `\n\t* ${text}`).join("");
  return failed(403, `${more.length + 1} errors occurred:${bullets}\n\n`);
}

function failed(status: number, text: string): VendorAnswer {
  return { status, body: { errors: [text] } };
}
