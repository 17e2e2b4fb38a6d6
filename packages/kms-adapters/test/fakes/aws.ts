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

export const PAIR = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "marked-secret-key" };
export const ROLE = "arn:aws:iam::111122223333:role/tsp";

export interface FakeAws extends VendorServer {
  /** Access key ids that are good now; all others have expired. */
  readonly sessions: Set<string>;
  readonly calls: (operation: "Encrypt" | "Decrypt") => readonly VendorRequest[];
  /** Requests for a role. */
  readonly assumed: () => readonly VendorRequest[];
  readonly tls: boolean;
}

export interface FakeAwsOptions {
  readonly certificate?: Certificate;
  /** Seconds that the credentials of a role live. Default: 3 600. */
  readonly roleSeconds?: number;
}

/** What the driver calls of KMS (JSON protocol) and STS (query protocol); checks no signatures. */
export async function startFakeAws(options: FakeAwsOptions = {}): Promise<FakeAws> {
  const { certificate, roleSeconds = 3_600 } = options;
  const sessions = new Set([PAIR.accessKeyId]);
  const keys = new Map<string, Buffer>();

  function answer({ headers, body }: VendorRequest): VendorAnswer {
    if (body.includes("Action=AssumeRole")) return assume();
    const id = /Credential=([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
    if (!sessions.has(id)) return failed("ExpiredTokenException", "The security token expired");
    const given = jsonObject(body) ?? {};
    const keyId = String(given["KeyId"]);
    const key = keys.get(keyId) ?? randomBytes(32);
    keys.set(keyId, key);
    const operation = String(headers["x-amz-target"]).split(".")[1];
    return operation === "Encrypt" ? encrypt(keyId, key, given) : decrypt(keyId, key, given);
  }

  function assume(): VendorAnswer {
    const id = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
    sessions.add(id);
    return { status: 200, body: roleXml(id, roleSeconds), headers: { "content-type": "text/xml" } };
  }

  const server = await startVendorServer(answer, certificate);
  return {
    ...server,
    sessions,
    tls: certificate !== undefined,
    calls: (operation) =>
      server.requests.filter(
        ({ headers }) => headers["x-amz-target"] === `TrentService.${operation}`,
      ),
    assumed: () => server.requests.filter(({ body }) => body.includes("Action=AssumeRole")),
  };
}

function encrypt(KeyId: string, key: Buffer, given: Record<string, unknown>): VendorAnswer {
  const plaintext = strictBytes(given["Plaintext"], "base64");
  if (plaintext === undefined) return failed("SerializationException", "no bytes");
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  const blob = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return ok({ KeyId, CiphertextBlob: blob.toString("base64") });
}

function decrypt(KeyId: string, key: Buffer, given: Record<string, unknown>): VendorAnswer {
  const blob = strictBytes(given["CiphertextBlob"], "base64");
  try {
    if (blob === undefined || blob.byteLength < 29) throw new RangeError("too short");
    const iv = blob.subarray(0, 12);
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
    decipher.setAuthTag(blob.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
    return ok({ KeyId, Plaintext: plaintext.toString("base64") });
  } catch {
    return failed("InvalidCiphertextException", "");
  }
}

function ok(body: object): VendorAnswer {
  return { status: 200, body: { ...body, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" } };
}

function failed(type: string, message: string): VendorAnswer {
  return { status: 400, body: { __type: type, message } };
}

function roleXml(id: string, seconds: number): Buffer {
  const expiration = new Date(Date.now() + seconds * 1_000).toISOString();
  return Buffer.from(
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
      `<Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>` +
      `<SessionToken>role-token</SessionToken><Expiration>${expiration}</Expiration></Credentials>` +
      `</AssumeRoleResult></AssumeRoleResponse>`,
  );
}
