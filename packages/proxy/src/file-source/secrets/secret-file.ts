import { hash } from "node:crypto";
import type { RotationStatus, SecretKey, SecretType, StoredSecret } from "../../tenants/source.ts";
import { isRecord } from "../document/members.ts";

/** A secret with what people want to know about it. */
export interface SecretFile extends StoredSecret {
  readonly encryptedSecret: Buffer;
  /** The KMS configuration that protects it; null when the EDEK does not tell. */
  readonly kmsConfigId: number | null;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** When the rotation status last changed: ISO 8601, UTC. */
  readonly updated: string;
}

/** Every file of a secret, least advanced first. A status is never taken back. */
export const STATUSES: readonly RotationStatus[] = ["current", "in-rotation", "archived"];

export const MAX_SECRET_ID: number = 2 ** 32 - 1;

const TYPES: readonly SecretType[] = ["search", "deterministic", "vector"];

/** Name of the folder of one path: tells nothing, and no text can lead out of the store. */
export function folderName({ tenantId, secretType, secretPath }: SecretKey): string {
  return hash("sha256", JSON.stringify([tenantId, secretType, secretPath]), "hex");
}

export function encodeSecretFile(secret: SecretFile): Buffer {
  const { encryptedSecret, ...rest } = secret;
  const text = { ...rest, encryptedSecret: Buffer.from(encryptedSecret).toString("base64") };
  return Buffer.from(`${JSON.stringify(text, undefined, 2)}\n`);
}

/**
 * Reads a file that lies in `folder` under the name of `status`.
 * @throws TypeError that says what is wrong, without any content
 */
export function decodeSecretFile(
  bytes: Uint8Array,
  folder: string,
  status: RotationStatus,
): SecretFile {
  const record = parse(bytes);
  const secretType = TYPES.find((type) => type === record["secretType"]);
  if (secretType === undefined) throw new TypeError("secretType is not known");
  const tenantId = text(record, "tenantId");
  const secretPath = text(record, "secretPath");
  if (folderName({ tenantId, secretType, secretPath }) !== folder) {
    throw new TypeError("it belongs to another folder");
  }
  if (record["rotationStatus"] !== status) throw new TypeError("rotationStatus and name differ");
  return {
    id: wholeNumber(record, "id"),
    tenantId,
    secretType,
    secretPath,
    rotationStatus: status,
    encryptedSecret: base64(text(record, "encryptedSecret")),
    kmsConfigId: record["kmsConfigId"] === null ? null : wholeNumber(record, "kmsConfigId"),
    created: text(record, "created"),
    updated: text(record, "updated"),
  };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isRecord(value)) return value;
  } catch {
    // The parser's message would show the content.
  }
  throw new TypeError("it is not a JSON object");
}

function text(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  if (typeof value !== "string" || value === "") throw new TypeError(`${name} is not a text`);
  return value;
}

function wholeNumber(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_SECRET_ID) {
    return Number(value);
  }
  throw new TypeError(`${name} is not a number from 1 to ${MAX_SECRET_ID}`);
}

function base64(encoded: string): Buffer {
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) throw new TypeError("encryptedSecret is not base64");
  return bytes;
}
