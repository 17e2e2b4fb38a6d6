import { CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, promql } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const END = promql.series(CATALOG.tlsCertificateExpiry);

export const TLS: AlertGroup = {
  name: "tsp-tls",
  alerts: [
    {
      name: "TspCertificateExpiring",
      value: `${END} - time()`,
      limit: `< ${LIMITS.certificateExpiringSeconds}`,
      for: "15m",
      severity: "warning",
      summary:
        "The TLS certificate of {{ $labels.instance }} has {{ $value | humanizeDuration }} left",
      description:
        "It should have been renewed by now. When it ends, no application can connect any more.",
    },
    {
      name: "TspCertificateExpired",
      value: `time() - ${END}`,
      limit: "> 0",
      for: "1m",
      severity: "critical",
      summary:
        "The TLS certificate of {{ $labels.instance }} ended {{ $value | humanizeDuration }} ago",
      description:
        "Applications that check certificates refuse to connect and get no keys. `/ready` and the " +
        "metrics of requests do not show it.",
    },
  ],
};
