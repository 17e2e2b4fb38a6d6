import { X509Certificate } from "node:crypto";
import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import type { TlsPair } from "../http/server/tls.ts";

/** As long before as the alert TspCertificateExpiring. */
const WARN_BEFORE_MS = 14 * 86_400_000;

/** Shows when the certificate ends that is served from now on, and warns when that is soon. */
export function noticeCertificate(
  { cert }: TlsPair,
  { tlsCertificateExpiry }: Pick<Metrics, "tlsCertificateExpiry">,
  logger: Logger,
): void {
  // Of a chain it reads the first one, the server's own.
  const { validToDate } = new X509Certificate(cert);
  const end = validToDate.getTime();
  tlsCertificateExpiry.set(end / 1_000);
  const left = end - Date.now();
  if (left > WARN_BEFORE_MS) return;
  logger.warn({ end: validToDate }, left > 0 ? "certificate ends soon" : "certificate has ended");
}
