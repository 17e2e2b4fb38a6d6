import { readFileSync } from "node:fs";
import { dump } from "js-yaml";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { PROMETHEUS_IMAGE } from "../support/promtool.ts";

export interface Target {
  /** Where a proxy's HTTP port is. */
  readonly url: string;
  /** What Kubernetes would put on its series. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** When, and the value as text. */
  readonly value: readonly [number, string];
}

/** A Prometheus that scrapes and evaluates every second, with the rules as they are committed. */
export class Prometheus {
  readonly #url: string;
  readonly stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.stop = stop;
  }

  /** Shares the host's network, because proxies listen on loopback alone; needs Linux. */
  static async start(targets: readonly Target[]): Promise<Prometheus> {
    const rules = readFileSync(new URL("../../rules/tsp-alerts.yaml", import.meta.url), "utf8");
    const container = await new GenericContainer(PROMETHEUS_IMAGE)
      .withNetworkMode("host")
      .withCommand([
        "--config.file=/tmp/prometheus.yaml",
        "--storage.tsdb.path=/tmp/data",
        "--web.listen-address=127.0.0.1:0",
      ])
      .withCopyContentToContainer([
        { content: dump(configuration(targets)), target: "/tmp/prometheus.yaml" },
        { content: rules, target: "/tmp/tsp-alerts.yaml" },
      ])
      .withWaitStrategy(Wait.forLogMessage(/Server is ready to receive web requests/))
      .start();
    const stop = async () => void (await container.stop({ timeout: 0 }));
    try {
      return new Prometheus(`http://127.0.0.1:${await listeningPort(container)}`, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  /** The samples of an instant query now. Throws when the server refuses it. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = (await this.#get("query", { query: expression })) as { result: Sample[] };
    return result;
  }

  /** The label sets of the series that a selector finds. */
  async series(selector: string): Promise<readonly Sample["metric"][]> {
    return (await this.#get("series", { "match[]": selector })) as readonly Sample["metric"][];
  }

  /** The state of the alert rules, by name. */
  async alerts(): Promise<
    ReadonlyMap<string, { readonly health: string; readonly state: string }>
  > {
    const { groups } = (await this.#get("rules", {})) as { groups: { rules: AlertState[] }[] };
    return new Map(groups.flatMap(({ rules }) => rules.map((rule) => [rule.name, rule] as const)));
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(`${this.#url}/api/v1/${path}`);
    url.search = new URLSearchParams(parameters).toString();
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== "success") throw new Error(answer.error);
    return answer.data;
  }
}

interface AlertState {
  readonly name: string;
  readonly health: string;
  readonly state: string;
}

/** The port that the system chose, which only the log tells. */
async function listeningPort(container: StartedTestContainer): Promise<string> {
  const log = await container.logs();
  const overdue = setTimeout(() => log.destroy(new Error("no port in the log")), 20_000);
  try {
    let text = "";
    for await (const chunk of log) {
      text += String(chunk);
      const [, port] = /msg="Listening on" address=127\.0\.0\.1:(\d+)/.exec(text) ?? [];
      if (port !== undefined) return port;
    }
    throw new Error(`no port in ${text}`);
  } finally {
    clearTimeout(overdue);
  }
}

function configuration(targets: readonly Target[]): object {
  const static_configs = targets.map(({ url, labels }) => {
    const { host, protocol } = new URL(url);
    return { targets: [host], labels: { ...labels, __scheme__: protocol.replace(":", "") } };
  });
  const tls_config = { insecure_skip_verify: true };
  return {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["/tmp/tsp-alerts.yaml"],
    scrape_configs: [{ job_name: "tsp", static_configs, tls_config }],
  };
}
