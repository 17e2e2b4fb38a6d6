import { describe, expect, it } from "vitest";
import { IMAGE } from "./combinations.ts";
import { containerOf, environmentOf, objectOf, podOf, rendered } from "./rendered.ts";

const PROPS = { image: IMAGE };

describe("With nothing but an image", () => {
  const { pod, container } = containerOf(PROPS);

  it("asks for 2 processors and 1256Mi, and gets no more", () => {
    const amounts = { cpu: "2", memory: "1256Mi" };

    expect(container["resources"]).toEqual({ requests: amounts, limits: amounts });
  });

  it("runs as user and group 2 and never as root", () => {
    expect(pod["securityContext"]).toEqual({
      runAsUser: 2,
      runAsGroup: 2,
      fsGroup: 2,
      fsGroupChangePolicy: "OnRootMismatch",
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("has no privileges, no capabilities and nowhere to write", () => {
    expect(container["securityContext"]).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("has no token of the cluster", () => {
    expect(pod).toMatchObject({
      serviceAccountName: "tenant-security-proxy",
      automountServiceAccountToken: false,
    });
    expect(objectOf(PROPS, "ServiceAccount")).toMatchObject({
      metadata: { name: "tenant-security-proxy" },
      automountServiceAccountToken: false,
    });
  });

  it("names the three ports", () => {
    expect(container["ports"]).toEqual([
      { name: "health", containerPort: 9000 },
      { name: "http", containerPort: 7777 },
      { name: "logdriver", containerPort: 5555 },
    ]);
  });

  it.for([
    ["startupProbe", "/live"],
    ["livenessProbe", "/live"],
    ["readinessProbe", "/ready"],
  ] as const)("has a %s on %s of the port health", ([probe, path]) => {
    expect(container[probe]).toMatchObject({ httpGet: { path, port: "health" } });
  });

  it("takes its variables from the Secret tsp-secrets", () => {
    expect(container["envFrom"]).toEqual([{ secretRef: { name: "tsp-secrets" } }]);
    expect(environmentOf(PROPS)["RUST_LOG"]).toBe("info");
  });

  it("reads the configuration file from the Secret tsp-config", () => {
    expect(environmentOf(PROPS)["TSP_CONFIG_FILE"]).toBe("/etc/tsp/tenants.yaml");
    expect(container["volumeMounts"]).toEqual([
      { name: "configuration", mountPath: "/etc/tsp", readOnly: true },
    ]);
    // 0440: Kubernetes wants it as a decimal number.
    expect(pod["volumes"]).toEqual([
      { name: "configuration", secret: { secretName: "tsp-config", defaultMode: 288 } },
    ]);
  });

  it("is found by a Prometheus that looks for annotations", () => {
    expect(podOf(rendered(PROPS)).metadata.annotations).toEqual({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "7777",
      "prometheus.io/path": "/metrics",
    });
  });

  it("has two replicas over zones and nodes, none of them taken away for a new one", () => {
    expect(objectOf(PROPS, "Deployment").spec).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(pod["topologySpreadConstraints"]).toMatchObject([
      {
        topologyKey: "topology.kubernetes.io/zone",
        maxSkew: 1,
        whenUnsatisfiable: "ScheduleAnyway",
      },
      { topologyKey: "kubernetes.io/hostname", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" },
    ]);
  });

  it("loses at most one pod to maintenance", () => {
    expect(objectOf(PROPS, "PodDisruptionBudget").spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: { app: "tenant-security-proxy" } },
    });
  });

  it("gives applications a service, and readers of events every single pod", () => {
    const selector = { app: "tenant-security-proxy" };

    expect(objectOf(PROPS, "Service", "tenant-security-proxy").spec).toMatchObject({
      type: "ClusterIP",
      selector,
      ports: [{ name: "http", port: 7777, targetPort: "http" }],
    });
    expect(objectOf(PROPS, "Service", "tenant-security-proxy-events").spec).toMatchObject({
      clusterIP: "None",
      selector,
      ports: [{ name: "logdriver", port: 5555, targetPort: "logdriver" }],
    });
  });

  it("needs nothing in the cluster that Kubernetes does not bring", () => {
    expect(rendered(PROPS).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      "v1 ServiceAccount",
      "apps/v1 Deployment",
      "v1 Service",
      "v1 Service",
      "policy/v1 PodDisruptionBudget",
      "networking.k8s.io/v1 NetworkPolicy",
    ]);
  });
});
