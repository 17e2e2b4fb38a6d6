import { X509Certificate } from "node:crypto";
import type { TlsPair } from "./tls.ts";

/** As long before as the alert TspCertificateExpiring. */
const SOON_MS = 14 * 86_400_000;

export interface CertificateEnd {
  readonly end: Date;
  readonly state: "valid" | "ends soon" | "has ended";
}

/** When the server's own certificate ends, the first one of a chain. */
export function certificateEnd({ cert }: Pick<TlsPair, "cert">): CertificateEnd {
  const { validToDate: end } = new X509Certificate(cert);
  const left = end.getTime() - Date.now();
  if (left > SOON_MS) return { end, state: "valid" };
  return { end, state: left > 0 ? "ends soon" : "has ended" };
}
