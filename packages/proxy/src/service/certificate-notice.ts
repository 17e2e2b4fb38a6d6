import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { certificateEnd } from "../http/server/certificate-end.ts";
import type { TlsPair } from "../http/server/tls.ts";

/** Shows when the certificate ends that is served from now on, and warns when that is soon. */
export function noticeCertificate(
  pair: TlsPair,
  { tlsCertificateExpiry }: Pick<Metrics, "tlsCertificateExpiry">,
  logger: Logger,
): void {
  const { end, state } = certificateEnd(pair);
  tlsCertificateExpiry.set(end.getTime() / 1_000);
  if (state !== "valid") logger.warn({ end }, `certificate ${state}`);
}
