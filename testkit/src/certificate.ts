import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and the certificate it signed for itself, both PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const ECDSA_WITH_SHA256 = "06082a8648ce3d040302";
const COMMON_NAME = "0603550403";
const SUBJECT_ALT_NAME = "0603551d11";
const BASIC_CONSTRAINTS = "0603551d13";
const TRUE = Buffer.from("0101ff", "hex");
const DAY_MS = 86_400_000;

/**
 * A self-signed certificate for `localhost` and 127.0.0.1 that ends in `days`; below 0 it has ended.
 * Node makes keys and signatures, but no certificates: the DER around them (RFC 5280) is written
 * here.
 */
export function selfSignedCertificate({ days = 30 }: { days?: number } = {}): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(Buffer.from(ECDSA_WITH_SHA256, "hex"));
  const name = sequence(
    der(0x31, sequence(Buffer.from(COMMON_NAME, "hex"), der(0x0c, Buffer.from("localhost")))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // The leading byte keeps the number positive and without leading zeros.
    der(0x02, Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(Date.now() - 2 * DAY_MS), time(Date.now() + days * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeNames(), certificateAuthority())),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: pem("CERTIFICATE", sequence(body, algorithm, signature)),
  };
}

function alternativeNames(): Buffer {
  const names = sequence(
    der(0x82, Buffer.from("localhost")),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  return sequence(Buffer.from(SUBJECT_ALT_NAME, "hex"), der(0x04, names));
}

function certificateAuthority(): Buffer {
  return sequence(Buffer.from(BASIC_CONSTRAINTS, "hex"), TRUE, der(0x04, sequence(TRUE)));
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...derLength(content.length)]), content]);
}

function derLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
