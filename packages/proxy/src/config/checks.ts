import { formatAddress } from "./bind-address.ts";
import type { SettingName } from "./catalog.ts";
import type { Address, Settings } from "./settings.ts";

export interface Contradiction {
  readonly between: readonly [SettingName, SettingName];
  readonly sentence: string;
}

/** Mistakes that no setting alone can show. */
export function contradictions(settings: Settings): readonly Contradiction[] {
  return [...agesTooShort(settings), ...eventsRequiredAndOff(settings), ...sameAddress(settings)];
}

/** What works as written and is hardly meant. */
export function oddities({ kms, shutdown }: Settings): readonly string[] {
  const found: string[] = [];
  if (kms.connectTimeoutMs > kms.timeoutMs) {
    found.push(
      `TSP_KMS_CONNECT_TIMEOUT_MS is ${kms.connectTimeoutMs} and has no effect beyond ` +
        `TSP_KMS_TIMEOUT_MS, which is ${kms.timeoutMs}.`,
    );
  }
  if (shutdown.drainDelayMs >= shutdown.deadlineMs) {
    found.push(
      `TSP_DRAIN_DELAY_MS is ${shutdown.drainDelayMs} and leaves no time for requests before ` +
        `TSP_SHUTDOWN_DEADLINE_MS, which is ${shutdown.deadlineMs}.`,
    );
  }
  return [...found, ...plainHttp(kms)];
}

function plainHttp({ allowedHosts, endpoints }: Settings["kms"]): readonly string[] {
  const hosts = [...allowedHosts, ...Object.values(endpoints)].filter((host) =>
    host?.toLowerCase().startsWith("http://"),
  );
  if (hosts.length === 0) return [];
  const listed = [...new Set(hosts)].join(", ");
  return [`KMS calls to ${listed} are not encrypted: credentials and keys can be read on the way.`];
}

function agesTooShort({ source }: Settings): readonly Contradiction[] {
  if (source.maxAgeMs >= source.refreshIntervalMs) return [];
  return [
    {
      between: ["TSP_CONFIG_MAX_AGE_MS", "TSP_CONFIG_REFRESH_INTERVAL_MS"],
      sentence:
        `TSP_CONFIG_MAX_AGE_MS is ${source.maxAgeMs}: expected at least ` +
        `TSP_CONFIG_REFRESH_INTERVAL_MS, which is ${source.refreshIntervalMs}.`,
    },
  ];
}

function eventsRequiredAndOff({ events }: Settings): readonly Contradiction[] {
  if (events.enabled || events.mode === "drop") return [];
  return [
    {
      between: ["TSP_EVENT_MODE", "TSP_ENABLE_LOGDRIVER_INTEGRATION"],
      sentence:
        "TSP_EVENT_MODE is require while TSP_ENABLE_LOGDRIVER_INTEGRATION is false: expected " +
        "drop, or the integration on, because no operation could record its event.",
    },
  ];
}

function sameAddress({ http, health, events }: Settings): readonly Contradiction[] {
  const services: [SettingName, Address][] = [
    ["TSP_HTTP_BIND_ADDRESS", http.address],
    ["TSP_HEALTH_BIND_ADDRESS", health.address],
  ];
  if (events.enabled) services.push(["TSP_EVENT_BIND_ADDRESS", events.address]);

  const taken = new Map<string, SettingName>();
  const found: Contradiction[] = [];
  for (const [name, address] of services) {
    if (address.port === 0) continue;
    const text = formatAddress(address);
    const other = taken.get(text);
    taken.set(text, name);
    if (other === undefined) continue;
    const sentence = `${name} is ${text}, the same as ${other}: expected another port.`;
    found.push({ between: [name, other], sentence });
  }
  return found;
}
