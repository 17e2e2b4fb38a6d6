import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { GcpTokens, type ServiceAccount } from "./gcp-tokens.ts";
import { gcpCrc32c } from "./gcp-crc.ts";
import { jsonObject, strictBytes, type VendorAnswer, type VendorRequest } from "./vendor-server.ts";

type VersionState = "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED" | "DESTROYED";

interface KeyVersion {
  readonly material: Buffer;
  state: VersionState;
}

export type GcpTrouble = "BILLING_DISABLED" | "SERVICE_DISABLED" | "RATE_LIMIT_EXCEEDED";

const TYPE = "type.googleapis.com/google.rpc";
const TAG = 16;
const IV = 12;

/**
 * `cloudkms.googleapis.com/v1`, encrypt and decrypt of symmetric keys, from the public REST
 * reference: error model of google.rpc, int64 as text, checksums optional but never ignored.
 */
export class FakeGcp {
  clock = 0;
  readonly tokens: GcpTokens = new GcpTokens(() => Date.now() + this.clock);
  readonly #keys = new Map<string, KeyVersion[]>();
  trouble: GcpTrouble | undefined;
  /** Changes a successful answer before it is sent. */
  distort: ((answer: Record<string, unknown>) => void) | undefined;

  createKey(name: string): string {
    this.#keys.set(name, [{ material: randomBytes(32), state: "ENABLED" }]);
    return name;
  }

  rotate(name: string): void {
    this.#keys.get(name)?.push({ material: randomBytes(32), state: "ENABLED" });
  }

  setState(name: string, version: number, state: VersionState): void {
    const found = this.#keys.get(name)?.[version - 1];
    if (found) found.state = state;
  }

  /** One host for both APIs: tests tell them apart by path. */
  answer(request: VendorRequest): VendorAnswer {
    return request.path === "/token" ? this.tokens.answer(request) : this.#answerKms(request);
  }

  #answerKms(request: VendorRequest): VendorAnswer {
    const { key, verb } =
      /^\/v1\/(?<key>[^:]+):(?<verb>encrypt|decrypt)$/.exec(request.path)?.groups ?? {};
    if (request.method !== "POST" || key === undefined) {
      return failure(404, "NOT_FOUND", "Requested entity was not found.");
    }
    const caller = this.tokens.holder(request.headers.authorization);
    const refusal = this.#refuseCaller(caller, key, verb === "encrypt" ? "encrypt" : "decrypt");
    if (refusal) return refusal;

    const versions = this.#keys.get(key);
    if (!versions) return failure(404, "NOT_FOUND", `CryptoKey ${key} not found.`);
    const body = jsonObject(request.body);
    if (!body) return invalid("Invalid JSON payload received. Parsing terminated.");
    const answer = verb === "encrypt" ? encrypt(key, versions, body) : decrypt(key, versions, body);
    if (answer.status === 200) this.distort?.(answer.body as Record<string, unknown>);
    return answer;
  }

  #refuseCaller(
    caller: ServiceAccount | undefined,
    key: string,
    verb: "encrypt" | "decrypt",
  ): VendorAnswer | undefined {
    if (caller === undefined || caller.disabled) {
      const text = "Request had invalid authentication credentials.";
      return failure(401, "UNAUTHENTICATED", text, reason("ACCESS_TOKEN_EXPIRED"));
    }
    if (this.trouble === "RATE_LIMIT_EXCEEDED") {
      const text = "Quota exceeded for quota metric 'Cryptographic requests'.";
      return failure(429, "RESOURCE_EXHAUSTED", text, reason(this.trouble));
    }
    if (this.trouble !== undefined) {
      const what = this.trouble === "BILLING_DISABLED" ? "billing" : "the API";
      const text = `This API method requires ${what} to be enabled.`;
      return failure(403, "PERMISSION_DENIED", text, reason(this.trouble));
    }
    if (caller.permissions.has(verb)) return undefined;
    const use = verb === "encrypt" ? "useToEncrypt" : "useToDecrypt";
    const permission = `cloudkms.cryptoKeyVersions.${use}`;
    const text = `Permission '${permission}' denied on resource '${key}' (or it may not exist).`;
    return failure(403, "PERMISSION_DENIED", text, reason("IAM_PERMISSION_DENIED"));
  }
}

function encrypt(key: string, versions: KeyVersion[], body: Record<string, unknown>): VendorAnswer {
  const plaintext = strictBytes(body["plaintext"], "base64");
  if (!plaintext) return invalid(noBase64("plaintext"));
  const mismatch = checksum(body, "plaintext", plaintext) ?? unknown(body, "plaintext");
  if (mismatch) return mismatch;
  const number = versions.length;
  const primary = versions[number - 1];
  const name = `${key}/cryptoKeyVersions/${number}`;
  if (primary?.state !== "ENABLED") return notEnabled(name, primary?.state ?? "DESTROYED");

  const iv = randomBytes(IV);
  const cipher = createCipheriv("aes-256-gcm", primary.material, iv, { authTagLength: TAG });
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  // Real ciphertexts look like protobuf too and begin with these two bytes.
  const head = Buffer.from([0x0a, 0x24, number]);
  const ciphertext = Buffer.concat([head, iv, cipher.getAuthTag(), sealed]);
  return {
    status: 200,
    body: {
      name,
      ciphertext: ciphertext.toString("base64"),
      ciphertextCrc32c: String(gcpCrc32c(ciphertext)),
      ...("plaintextCrc32c" in body ? { verifiedPlaintextCrc32c: true } : {}),
      protectionLevel: "SOFTWARE",
    },
  };
}

function decrypt(key: string, versions: KeyVersion[], body: Record<string, unknown>): VendorAnswer {
  const ciphertext = strictBytes(body["ciphertext"], "base64");
  if (!ciphertext) return invalid(noBase64("ciphertext"));
  const mismatch = checksum(body, "ciphertext", ciphertext) ?? unknown(body, "ciphertext");
  if (mismatch) return mismatch;
  const wrong = "Decryption failed: verify that 'name' refers to the correct CryptoKey.";
  const number = ciphertext[2] ?? 0;
  const version = versions[number - 1];
  if (ciphertext[0] !== 0x0a || ciphertext.length < 3 + IV + TAG || !version) return invalid(wrong);
  if (version.state !== "ENABLED") {
    return notEnabled(`${key}/cryptoKeyVersions/${number}`, version.state);
  }

  const iv = ciphertext.subarray(3, 3 + IV);
  const decipher = createDecipheriv("aes-256-gcm", version.material, iv, { authTagLength: TAG });
  decipher.setAuthTag(ciphertext.subarray(3 + IV, 3 + IV + TAG));
  try {
    const sealed = ciphertext.subarray(3 + IV + TAG);
    const plaintext = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return {
      status: 200,
      body: {
        plaintext: plaintext.toString("base64"),
        plaintextCrc32c: String(gcpCrc32c(plaintext)),
        ...(number === versions.length ? { usedPrimary: true } : {}),
        protectionLevel: "SOFTWARE",
      },
    };
  } catch {
    return invalid(wrong);
  }
}

function checksum(
  body: Record<string, unknown>,
  field: string,
  bytes: Buffer,
): VendorAnswer | undefined {
  const claimed = body[`${field}Crc32c`];
  if (
    claimed === undefined ||
    JSON.stringify(claimed).replaceAll('"', "") === String(gcpCrc32c(bytes))
  ) {
    return undefined;
  }
  return invalid(`The checksum in field ${field}_crc32c did not match the data in field ${field}.`);
}

function unknown(body: Record<string, unknown>, field: string): VendorAnswer | undefined {
  const known = [
    field,
    `${field}Crc32c`,
    // The vendor's SDK puts the name into the body too.
    "name",
    "additionalAuthenticatedData",
    "additionalAuthenticatedDataCrc32c",
  ];
  const stranger = Object.keys(body).find((name) => !known.includes(name));
  return stranger === undefined
    ? undefined
    : invalid(`Invalid JSON payload received. Unknown name "${stranger}": Cannot find field.`);
}

function notEnabled(name: string, state: VersionState): VendorAnswer {
  const text = `${name} is not enabled, current state is: ${state}.`;
  const violations = [{ type: `KEY_${state}`, subject: name }];
  return failure(400, "FAILED_PRECONDITION", text, {
    "@type": `${TYPE}.PreconditionFailure`,
    violations,
  });
}

function noBase64(field: string): string {
  return `Invalid value at '${field}' (TYPE_BYTES), Base64 decoding failed`;
}

function invalid(message: string): VendorAnswer {
  return failure(400, "INVALID_ARGUMENT", message);
}

function reason(name: string): object {
  return { "@type": `${TYPE}.ErrorInfo`, reason: name, domain: "googleapis.com" };
}

function failure(
  code: number,
  status: string,
  message: string,
  ...details: object[]
): VendorAnswer {
  const error = details.length > 0 ? { code, message, status, details } : { code, message, status };
  return { status: code, body: { error } };
}
