import { X509Certificate } from "node:crypto";
import type { Members } from "../members.ts";

const MAX_LENGTH = 262_144;
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities of a configuration's own, as PEM, one or several.
 * @throws KmsError `KMS_CONFIG_INVALID`: a text that TLS would silently take for no authority at all
 */
export function readCertificates(members: Members, name: string): string | undefined {
  const pem = members.optionalText(name, { max: MAX_LENGTH, multiline: true });
  if (pem === undefined) return undefined;
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || !blocks.every(isCertificate)) {
    throw members.refuse(name, "must be certificates in PEM form");
  }
  return blocks.join("\n");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
