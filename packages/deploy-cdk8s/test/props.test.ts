import { describe, expect, it } from "vitest";
import { type Mistake, PropsError, renderManifests } from "../src/index.ts";
import { EVERYTHING, IMAGE, RULES } from "./combinations.ts";

/** As settings arrive from JavaScript or a file: nobody has looked at them. */
function mistakesOf(props: unknown): readonly Mistake[] {
  try {
    renderManifests(props as Parameters<typeof renderManifests>[0]);
  } catch (error) {
    if (error instanceof PropsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe("Props that are wrong", () => {
  it.for<[change: object, path: string, message: string]>([
    [{ image: undefined }, "image", "must be an image with a tag or a digest"],
    [{ image: "proxy" }, "image", "must be an image with a tag or a digest"],
    [{ image: "registry:5000/proxy" }, "image", "must be an image with a tag or a digest"],
    [{ image: "proxy:latest" }, "image", "must name a version: latest is another image every day"],
    [{ name: "Proxy" }, "name", "must be lower-case letters, digits and hyphens"],
    [{ name: "x".repeat(57) }, "name", "at most 56"],
    [{ namespace: "a.b" }, "namespace", "must be the name of a namespace"],
    [{ replicas: 1 }, "replicas", "must be a whole number, 2 – 1,000"],
    [{ replicas: "2" }, "replicas", "must be a whole number"],
    [{ replicas: 3, autoscaling: {} }, "replicas", "use autoscaling.minReplicas"],
    [{ zones: "all" }, "zones", "must be preferred or required"],
    [{ resources: { cpu: 2 } }, "resources.cpu", 'must be processors, such as "2" or "1500m"'],
    [{ resources: { memory: "1256" } }, "resources.memory", "must be memory with its unit"],
    [{ environmentSecret: "TSP" }, "environmentSecret", "must be the name of a Kubernetes object"],
    [{ environment: { API_KEY: "x" } }, "environment.API_KEY", "belongs in the Secret"],
    [{ environment: { TSP_TLS_KEY_FILE: "x" } }, "environment.TSP_TLS_KEY_FILE", "use tls"],
    [{ environment: { TSP_LEASES: 1 } }, "environment.TSP_LEASES", "is no variable of the proxy"],
    [{ environment: { LOG_LEVEL: {} } }, "environment.LOG_LEVEL", "must be text, a number, true"],
    [{ configuration: { fileName: "a/b" } }, "configuration.fileName", "an entry of a Secret"],
    [{ configuration: { fileName: "tenant-secrets" } }, "configuration.fileName", "is the folder"],
    [{ tls: {} }, "tls.secretName", "is missing"],
    [{ tls: true }, "tls", "must be an object"],
    [{ events: { enabled: "no" } }, "events.enabled", "must be true or false"],
    [{ events: { enabled: false, mode: "drop" } }, "events.mode", "has no effect"],
    [{ stopping: { deadlineMs: 2_000 } }, "stopping.deadlineMs", "must be above the drain delay"],
    [{ service: { type: "NodePort" } }, "service.type", "must be ClusterIP or LoadBalancer"],
    [
      { disruptionBudget: { maxUnavailable: 2 } },
      "disruptionBudget.maxUnavailable",
      "must be below 2",
    ],
    [{ networkPolicy: { clients: {} } }, "networkPolicy.clients", "must be a list"],
    [{ networkPolicy: { clients: [{}] } }, "networkPolicy.clients[0]", "needs either cidr, or"],
    [
      { networkPolicy: { dns: [{ cidr: "10.0.0.0/8", namespace: "a" }] } },
      "networkPolicy.dns[0]",
      "needs either cidr, or",
    ],
    [
      { networkPolicy: { kms: { private: [{ cidr: "10.0.0.0/33" }] } } },
      "networkPolicy.kms.private[0]",
      "has no range of addresses: 10.0.0.0/33",
    ],
    [{ autoscaling: { minReplicas: 11 } }, "autoscaling.minReplicas", "must not be above 10"],
    [
      { autoscaling: { requestsInFlight: 0, cpuPercent: 0 } },
      "autoscaling",
      "needs requestsInFlight, cpuPercent or both",
    ],
    [{ monitoring: {} }, "monitoring.kind", "is missing"],
    [{ monitoring: { kind: "Probe" } }, "monitoring.kind", "must be ServiceMonitor or PodMonitor"],
    [
      { monitoring: { kind: "PodMonitor", interval: 30 } },
      "monitoring.interval",
      'must be a time of Prometheus, such as "30s"',
    ],
    [{ monitoring: { kind: "PodMonitor", tls: {} } }, "monitoring.tls", "needs tls"],
    [
      { tls: { secretName: "tls" }, monitoring: { kind: "PodMonitor" } },
      "monitoring.tls.serverName",
      "is needed where no namespace is given",
    ],
    [{ alerts: { groups: [] } }, "alerts.groups", "must be a list with at least one group"],
    [
      { alerts: { groups: [{ name: "a", rules: [{ expr: "up" }] }] } },
      "alerts.groups[0].rules[0]",
      "needs exactly one of alert and record",
    ],
    [{ alerts: { groups: [RULES[0], RULES[0]] } }, "alerts.groups[1].name", "is there twice"],
    [{ pod: { tolerations: [{}] } }, "pod.tolerations[0]", "needs a key, or operator Exists"],
    [
      { pod: { tolerations: [{ key: "a", operator: "Exists", value: "b" }] } },
      "pod.tolerations[0]",
      "cannot have a value",
    ],
    [
      { pod: { tolerations: [{ key: "a", tolerationSeconds: 1 }] } },
      "pod.tolerations[0]",
      "has seconds for NoExecute only",
    ],
    [
      { autoscaling: { requestsInFlight: 0.0001 } },
      "autoscaling.requestsInFlight",
      "must be 0 or at least 0.1",
    ],
    [
      { pod: { imagePullSecrets: ["a", "a"] } },
      "pod.imagePullSecrets",
      "must be a list without repetitions",
    ],
    [{ pod: { user: 0 } }, "pod.user", "must be a whole number, 1 – 2,147,483,647"],
    [{ pod: { labels: { app: "x" } } }, "pod.labels.app", "is the label that selects the pods"],
    [{ pod: { labels: { a: "b c" } } }, "pod.labels.a", "must be a label of Kubernetes"],
    [{ pod: { labels: { "a b": "c" } } }, "pod.labels.a b", 'must be called like "team" or'],
    [{ pod: { annotations: { "/a": "b" } } }, "pod.annotations./a", "must be called like"],
    [
      {
        alerts: {
          groups: [{ name: "a", rules: [{ alert: "A", expr: "up", labels: { "a-b": "c" } }] }],
        },
      },
      "alerts.groups[0].rules[0].labels.a-b",
      "must be called as Prometheus calls labels",
    ],
    [{ pod: { annotations: { a: true } } }, "pod.annotations.a", "must be text, in quotes"],
    [{ replica: 3 }, "replica", "is not known"],
  ])("%o: %s %s", ([change, path, message]) => {
    expect(mistakesOf({ image: IMAGE, ...change })).toEqual([
      { path, message: expect.stringContaining(message) as unknown },
    ]);
  });

  it.for([[undefined], [null], ["text"], [[]]])("%o is no settings at all", ([props]) => {
    expect(mistakesOf(props)).toEqual([{ path: "settings", message: "must be an object" }]);
  });

  it("are all reported together, what fits badly beside what is malformed", () => {
    const peers = Array.from({ length: 20 }, () => ({ namespace: "Not a name" }));
    const mistakes = mistakesOf({
      image: "proxy:latest",
      replicas: 0,
      networkPolicy: { clients: peers },
      disruptionBudget: { maxUnavailable: 7 },
      unknown: 1,
    });

    expect(mistakes).toHaveLength(20 + 4);
  });

  it("are a readable message", () => {
    const error = new PropsError(mistakesOf({ replicas: 0 }));

    expect(error).toMatchObject({ name: "PropsError", code: "PROPS_INVALID" });
    expect(error.message).toBe(
      [
        "2 mistakes in the settings of the Tenant Security Proxy",
        "  image: is missing",
        "  replicas: must be a whole number, 2 – 1,000",
      ].join("\n"),
    );
  });
});

describe("Props that are right", () => {
  it("may be all there are", () => {
    expect(mistakesOf(EVERYTHING)).toEqual([]);
  });

  it.for([
    ["proxy:1"],
    ["localhost:5000/team/tenant-security-proxy:1.2.3-rc.1_4"],
    [`ghcr.io/team/proxy@sha256:${"f".repeat(64)}`],
  ])("may name the image %s", ([image]) => {
    expect(mistakesOf({ image })).toEqual([]);
  });

  it("may be undefined where they may be left out, and then have their defaults", () => {
    const props = { image: IMAGE, replicas: undefined, events: { enabled: undefined } };

    expect(renderManifests(props as never)).toBe(renderManifests({ image: IMAGE }));
  });
});
