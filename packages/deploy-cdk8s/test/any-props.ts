import * as fc from "fast-check";
import type { TenantSecurityProxyProps } from "../src/index.ts";

/** A record of which any member may be missing. */
function some<Members extends object>(members: {
  [Key in keyof Members]: fc.Arbitrary<Members[Key]>;
}): fc.Arbitrary<Partial<Members>> {
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Partial<Members>>;
}

const from = fc.constantFrom;

const name = from("a", "a.b-c", "0x", "x".repeat(63));
const labels = from(
  {},
  { a: "b" },
  { "x.y/z-1": "" },
  { a_b: "C.d_e" },
  { ["k".repeat(63)]: "v".repeat(63) },
);
const annotations = from({}, { a: "any\ntext: '{}'" }, { "example.com/A_b": "" });
const duration = from("30s", "1h30m", "1d", "5ms", "1y2w");

const peers = fc.array(
  from<NonNullable<NonNullable<TenantSecurityProxyProps["networkPolicy"]>["clients"]>[number]>(
    { cidr: "10.0.0.0/8" },
    { cidr: "::1/128" },
    { cidr: "2001:db8::/32" },
    { cidr: "0.0.0.0/0" },
    { namespace: "0-a" },
    { podLabels: {} },
    { namespace: "a", podLabels: { "x.y/z": "1" } },
  ),
  { maxLength: 3 },
);

const rule = fc
  .tuple(
    from({ alert: "A b" }, { record: "a:b" }),
    some({
      for: duration,
      keep_firing_for: from("1m", "1h"),
      labels: from({ a_b: "{{ $labels.x }}" }),
      annotations: from({ summary: "" }),
    }),
  )
  .map(([what, more]) => ({ ...what, expr: "up == 0", ...more }));

/** Props that are right, the edges of what the schema lets through among them. */
export const anyProps: fc.Arbitrary<TenantSecurityProxyProps> = fc
  .tuple(
    from("p:1", "r.io:5000/a/b_c.d:V1.2_3-x", `p@sha256:${"a".repeat(64)}`),
    from("PodMonitor" as const, "ServiceMonitor" as const),
    some({
      name: from("a", "a-1", "n".repeat(56)),
      zones: from("preferred", "required"),
      resources: some({
        cpu: from("1", "1500m", "0.5", "1.125", "64"),
        memory: from("1k", "512Mi", "3G", "1Ti"),
      }),
      environmentSecret: name,
      environment: from({ LOG_LEVEL: "debug", TSP_MAX_BATCH_SIZE: 100_000, RUST_LOG: "" }),
      configuration: some({
        secretName: name,
        fileName: from("a", ".x", "A_b.yaml"),
        tenantSecretsClaim: name,
      }),
      tls: from({ secretName: "tls" }),
      events: from(
        { enabled: false },
        { enabled: true },
        { mode: "require" as const, curveSecret: "a.b" },
      ),
      stopping: some({
        preStopSleepSeconds: from(0, 1, 600),
        drainDelayMs: from(0, 19_999),
        deadlineMs: from(20_001, 3_600_000),
      }),
      service: some({ type: from("ClusterIP", "LoadBalancer"), annotations }),
      networkPolicy: some({
        clients: peers,
        prometheus: peers,
        eventReaders: peers,
        dns: peers,
        kms: some({ vault: fc.boolean(), private: peers }),
      }),
      autoscaling: some({
        minReplicas: from(2, 10),
        maxReplicas: from(10, 1_000),
        requestsInFlight: from(0.1, 0.333_3, 4.5, 1_000),
        cpuPercent: from(1, 100),
        scaleDownAfterSeconds: from(0, 3_600),
      }),
      alerts: fc.record(
        {
          groups: fc
            .array(rule, { minLength: 1, maxLength: 3 })
            .map((rules) => [{ name: "a b", interval: "1m", rules }]),
          labels,
        },
        { requiredKeys: ["groups"] },
      ),
      pod: some({
        labels,
        annotations,
        nodeSelector: labels,
        priorityClassName: from("system-cluster-critical"),
        imagePullSecrets: fc.uniqueArray(name, { maxLength: 2 }),
        user: from(1, 2_147_483_647),
        tolerations: fc.array(
          from(
            { operator: "Exists" as const },
            { key: "a.b/c", value: "" },
            { key: "a", effect: "NoExecute" as const, tolerationSeconds: 0 },
          ),
          { maxLength: 2 },
        ),
      }),
    }),
    some({ labels, interval: duration }),
  )
  .map(([image, kind, more, monitor]) => ({
    image,
    namespace: "tenant-security",
    monitoring: { kind, ...monitor },
    ...more,
  })) as fc.Arbitrary<TenantSecurityProxyProps>;
