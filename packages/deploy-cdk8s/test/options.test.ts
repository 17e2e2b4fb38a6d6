import { describe, expect, it } from "vitest";
import { IMAGE, RULES } from "./combinations.ts";
import { containerOf, environmentOf, objectOf, podOf, rendered } from "./rendered.ts";

describe("TLS", () => {
  const props = { image: IMAGE, tls: { secretName: "tsp-tls" } };

  it("mounts the certificate and tells the proxy and the service", () => {
    expect(environmentOf(props)).toMatchObject({
      TSP_TLS_CERT_FILE: "/etc/tsp-tls/tls.crt",
      TSP_TLS_KEY_FILE: "/etc/tsp-tls/tls.key",
    });
    expect(containerOf(props).container["volumeMounts"]).toContainEqual({
      name: "tls",
      mountPath: "/etc/tsp-tls",
      readOnly: true,
    });
    expect(objectOf(props, "Service", "tenant-security-proxy").spec).toMatchObject({
      ports: [{ appProtocol: "https" }],
    });
  });

  it("is told to whoever scrapes, and does not reach the probes", () => {
    expect(podOf(rendered(props)).metadata.annotations).toMatchObject({
      "prometheus.io/scheme": "https",
    });
    expect(JSON.stringify(containerOf(props).container["readinessProbe"])).not.toContain("HTTPS");
  });
});

describe("Stopping", () => {
  it("waits in the pod and in the proxy, and gives both the time they need", () => {
    const { pod, container } = containerOf({ image: IMAGE });

    expect(container["lifecycle"]).toEqual({ preStop: { sleep: { seconds: 5 } } });
    expect(environmentOf({ image: IMAGE })).toMatchObject({
      TSP_DRAIN_DELAY_MS: "2000",
      TSP_SHUTDOWN_DEADLINE_MS: "20000",
    });
    expect(pod["terminationGracePeriodSeconds"]).toBe(30);
  });

  it.for([
    [{ deadlineMs: 60_000 }, 70],
    [{ deadlineMs: 20_001 }, 31],
    [{ preStopSleepSeconds: 20 }, 45],
    [{ preStopSleepSeconds: 0 }, 25],
  ] as const)("with %o has a grace period of %i seconds", ([stopping, seconds]) => {
    const { pod } = containerOf({ image: IMAGE, stopping });

    expect(pod["terminationGracePeriodSeconds"]).toBe(seconds);
  });

  it("has no hook when there is nothing to wait for", () => {
    const stopping = { preStopSleepSeconds: 0 };

    expect(containerOf({ image: IMAGE, stopping }).container).not.toHaveProperty("lifecycle");
  });
});

describe("Events", () => {
  it("have no port, no service and no socket when they are off", () => {
    const props = { image: IMAGE, events: { enabled: false } };

    expect(environmentOf(props)["TSP_ENABLE_LOGDRIVER_INTEGRATION"]).toBe("false");
    expect(JSON.stringify(rendered(props))).not.toMatch(/5555|"logdriver"|-events/);
  });

  it("are encrypted with the keys of a Secret", () => {
    const props = { image: IMAGE, events: { mode: "require", curveSecret: "keys" } } as const;

    expect(environmentOf(props)).toMatchObject({
      TSP_EVENT_MODE: "require",
      TSP_EVENT_CURVE_PUBLIC_KEY_FILE: "/etc/tsp-curve/public.key",
      TSP_EVENT_CURVE_SECRET_KEY_FILE: "/etc/tsp-curve/secret.key",
    });
  });
});

describe("The configuration", () => {
  it("has a volume for tenant secrets where the proxy looks for it", () => {
    const configuration = { fileName: "all.yaml", tenantSecretsClaim: "claim" };
    const props = { image: IMAGE, configuration };

    expect(environmentOf(props)["TSP_CONFIG_FILE"]).toBe("/etc/tsp/all.yaml");
    expect(containerOf(props).container["volumeMounts"]).toContainEqual({
      name: "tenant-secrets",
      mountPath: "/etc/tsp/tenant-secrets",
    });
  });

  it("takes settings of the proxy as text, and one level of logs", () => {
    const environment = { LOG_LEVEL: "debug", TSP_MAX_BATCH_SIZE: 2_000 };
    const variables = environmentOf({ image: IMAGE, environment });

    expect(variables).toMatchObject({ LOG_LEVEL: "debug", TSP_MAX_BATCH_SIZE: "2000" });
    expect(variables).not.toHaveProperty("RUST_LOG");
  });
});

describe("Autoscaling", () => {
  const scaled = { image: IMAGE, autoscaling: {} };

  it("aims at 4.5 requests in flight and 80 % of the processors, with 2 to 10 pods", () => {
    expect(objectOf(scaled, "HorizontalPodAutoscaler")).toMatchObject({
      apiVersion: "autoscaling/v2",
      spec: {
        minReplicas: 2,
        maxReplicas: 10,
        scaleTargetRef: { kind: "Deployment", name: "tenant-security-proxy" },
        metrics: [
          {
            pods: {
              metric: { name: "tsp_requests_in_flight" },
              target: { type: "AverageValue", averageValue: "4500m" },
            },
          },
          {
            containerResource: {
              name: "cpu",
              container: containerOf(scaled).container["name"],
              target: { type: "Utilization", averageUtilization: 80 },
            },
          },
        ],
      },
    });
  });

  it("takes pods away slowly", () => {
    const autoscaling = { scaleDownAfterSeconds: 900 };
    const { spec } = objectOf({ image: IMAGE, autoscaling }, "HorizontalPodAutoscaler");

    expect(spec).toMatchObject({
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 900,
          policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
        },
      },
    });
  });

  it("leaves the number of replicas to the autoscaler", () => {
    expect(objectOf(scaled, "Deployment").spec).not.toHaveProperty("replicas");
  });
});

describe("Monitoring", () => {
  const monitoring = { kind: "ServiceMonitor", labels: { release: "prometheus" } } as const;

  it("replaces the annotations, so that nobody scrapes twice", () => {
    expect(podOf(rendered({ image: IMAGE, monitoring })).metadata.annotations ?? {}).toEqual({});
    expect(objectOf({ image: IMAGE, monitoring }, "ServiceMonitor")).toMatchObject({
      metadata: { labels: { release: "prometheus" } },
      spec: { endpoints: [{ port: "http", path: "/metrics", interval: "30s" }] },
    });
  });

  it("trusts the authority of the proxy's own certificate", () => {
    const props = { image: IMAGE, namespace: "ns", tls: { secretName: "tsp-tls" }, monitoring };

    expect(objectOf(props, "ServiceMonitor").spec).toMatchObject({
      endpoints: [
        {
          scheme: "https",
          tlsConfig: {
            ca: { secret: { name: "tsp-tls", key: "ca.crt" } },
            serverName: "tenant-security-proxy.ns.svc",
          },
        },
      ],
    });
  });

  it("passes rules on as they are", () => {
    const rules = objectOf({ image: IMAGE, alerts: { groups: RULES } }, "PrometheusRule");

    expect(rules.spec).toEqual({ groups: RULES });
  });
});

describe("A name", () => {
  it("is on every object and in every selector", () => {
    const objects = rendered({ image: IMAGE, name: "eu", namespace: "ns", autoscaling: {} });

    for (const { metadata } of objects) {
      expect(metadata.name).toMatch(/^eu(-events)?$/);
      expect(metadata).toMatchObject({ namespace: "ns", labels: { app: "eu" } });
    }
    expect(JSON.stringify(objects)).not.toContain('"app":"tenant-security-proxy"');
  });
});

describe("Zones", () => {
  it("can be a condition for starting a pod", () => {
    const { pod } = containerOf({ image: IMAGE, zones: "required" });

    expect(pod["topologySpreadConstraints"]).toMatchObject([
      { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
      { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
    ]);
  });
});
