import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { get } from "@tenant-security/testkit";
import { load, YAML11_SCHEMA } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeWithContainers } from "../../../packages/kms-adapters/test/containers/engine.ts";
import { COMPOSE_FILE, ComposeProject } from "../../support/compose/project.ts";
import { BUILD_TIMEOUT_MS, proxyImage } from "../../support/image/image.ts";

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

const FOLDER = dirname(COMPOSE_FILE);
const OURS = ["proxy", "events", "traffic"];
const SETTLED = { timeout: 50_000, interval: 500 };

const { services, volumes } = read(COMPOSE_FILE) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
};

describe("deploy/compose.yaml", () => {
  it.for(OURS)("locks %s up as the documentation recommends", (name) => {
    expect(services[name]).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
  });

  it.for(Object.keys(services))("mounts for %s only what is there, read-only", (name) => {
    for (const mount of services[name]?.volumes ?? []) {
      const [source = "", , mode] = mount.split(":");
      expect(Object.hasOwn(volumes, source) || existsSync(join(FOLDER, source))).toBe(true);
      expect(mode === "ro" || name === "vault-setup").toBe(true);
    }
  });

  it("publishes every port on this machine alone", () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);

    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/);
  });

  it("gives Prometheus the alert rules, and Grafana the boards and where their data are", () => {
    const prometheus = read(join(FOLDER, "compose/prometheus.yaml"));
    const boards = read(join(FOLDER, "compose/grafana/boards.yaml"));
    const source = read(join(FOLDER, "compose/grafana/datasource.yaml"));

    expect(targetOf("prometheus", "tsp-alerts.yaml")).toBe(at(prometheus, "rule_files", 0));
    const folder = targetOf("grafana", "dashboards/json");
    expect(at(boards, "providers", 0, "options", "path")).toBe(folder);
    expect(readdirSync(join(FOLDER, "../dashboards/json"))).toContain("tsp-overview.json");
    expect(at(source, "datasources", 0)).toMatchObject({ type: "prometheus", isDefault: true });
  });
});

describeWithContainers("deploy/compose.yaml, started without Grafana", () => {
  let project: ComposeProject;

  beforeAll(async () => {
    project = await ComposeProject.create(await proxyImage());
    await project.up("vault", "vault-setup");
    const setUp = async () => expect(await project.exitCode("vault-setup")).toBe(0);
    await vi.waitFor(setUp, { timeout: 120_000, interval: 500 });
    await project.up("proxy", "events", "traffic", "prometheus");
  }, BUILD_TIMEOUT_MS);
  afterAll(() => project?.down(), 120_000);

  it("has a proxy that is ready, with tenants whose keys are in Vault", async () => {
    await expect.poll(() => ready().catch(() => 0), SETTLED).toBe(200);
    await expect.poll(metrics, SETTLED).toMatch(/kms_type="VAULT"/);
  });

  it("has traffic, refusals among it, that Prometheus sees grow", async () => {
    await expect.poll(wraps, SETTLED).toBeGreaterThan(0);
    const before = await wraps();

    await expect.poll(wraps, SETTLED).toBeGreaterThan(before);
    await expect.poll(refusals, SETTLED).toBeGreaterThan(0);
  });

  it("has a Prometheus that loaded every alert rule", async () => {
    const file = read(join(FOLDER, "../dashboards/rules/tsp-alerts.yaml"));
    const { groups } = file as { groups: readonly { rules: readonly { alert: string }[] }[] };
    const wanted = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

    const loaded = (await ask("rules", "data", "groups")) as { rules: { name: string }[] }[];

    const names = loaded.flatMap(({ rules }) => rules.map(({ name }) => name));
    expect(names.toSorted()).toEqual(wanted.toSorted());
  });

  it("has a reader that shows who used which key, and who was refused", async () => {
    await expect.poll(shown, SETTLED).toMatch(/acme {2}DATA_DECRYPT {2}by traffic/);
    await expect.poll(shown, SETTLED).toMatch(/globex {2}DATA_ENCRYPT {2}by traffic/);
    await expect.poll(shown, SETTLED).toMatch(/initech {2}DATA_DENY_ACCESS {2}by traffic/);
  });

  const ready = async () => (await get(`${project.origin("HEALTH_PORT")}/ready`)).status;
  const metrics = async () => (await get(`${project.origin("HTTP_PORT")}/metrics`)).text;
  const shown = () => project.output("events");
  const wraps = () => valueOf('sum(tsp_key_operations_total{operation="wrap"})');
  const refusals = () => valueOf('sum(tsp_request_duration_seconds_count{tsp_status_code="206"})');

  async function ask(path: string, ...members: readonly string[]): Promise<unknown> {
    const answer = await get(`${project.origin("PROMETHEUS_PORT")}/api/v1/${path}`);
    return at(answer.json, ...members);
  }

  /** The value of an expression; 0 where there is none. */
  async function valueOf(expression: string): Promise<number> {
    const path = `query?query=${encodeURIComponent(expression)}`;
    const result = (await ask(path, "data", "result").catch(() => [])) as { value: string[] }[];
    return Number(result?.[0]?.value[1] ?? 0);
  }
});

function read(file: string): unknown {
  // The version of YAML whose `<<` merges.
  return load(readFileSync(file, "utf8"), { schema: YAML11_SCHEMA });
}

function targetOf(service: string, source: string): string | undefined {
  const mounts = services[service]?.volumes ?? [];
  return mounts.map((mount) => mount.split(":")).find(([from]) => from?.endsWith(source))?.[1];
}

function at(document: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    document,
  );
}
