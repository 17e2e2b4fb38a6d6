import type { EnvironmentProps, RuleGroupProps, TenantSecurityProxyProps } from "../src/index.ts";

/** What has no default. */
export const IMAGE = "registry.example.com/tenant-security-proxy:1.2.3";

export const RULES: readonly RuleGroupProps[] = [
  {
    name: "tenant-security-proxy",
    interval: "1m",
    rules: [
      {
        alert: "Down",
        expr: 'up{job="tenant-security-proxy"} == 0',
        for: "5m",
        keep_firing_for: "1m",
        labels: { severity: "page" },
        annotations: { summary: "A proxy is down" },
      },
      { record: "tsp:requests:rate5m", expr: "sum(rate(tsp_request_duration_seconds_count[5m]))" },
    ],
  },
];

/** Every prop that exists, none left out: a new one does not compile until it is here. */
export const EVERYTHING: Complete<Omit<TenantSecurityProxyProps, "replicas">> = {
  image: `registry.example.com:5000/tenant/proxy:1.2.3@sha256:${"a".repeat(64)}`,
  name: "proxy-eu",
  namespace: "tenant-security",
  zones: "required",
  resources: { cpu: "1500m", memory: "2Gi" },
  environmentSecret: "eu.secrets",
  environment: { LOG_LEVEL: "debug", TSP_MAX_BATCH_SIZE: 2_000 },
  configuration: {
    secretName: "eu-config",
    fileName: "eu.yaml",
    tenantSecretsClaim: "eu-tenant-secrets",
  },
  tls: { secretName: "eu-tls" },
  events: { enabled: true, mode: "require", curveSecret: "eu-curve" },
  stopping: { preStopSleepSeconds: 10, drainDelayMs: 5_000, deadlineMs: 40_500 },
  service: { type: "LoadBalancer", annotations: { "example.com/internal": "true" } },
  disruptionBudget: { maxUnavailable: 2 },
  networkPolicy: {
    enabled: true,
    clients: [{ podLabels: { "proxy-client": "true" } }, { cidr: "2001:db8::/32" }],
    prometheus: [{ namespace: "observability", podLabels: { app: "prometheus" } }],
    eventReaders: [{ namespace: "siem" }],
    dns: [{ cidr: "10.96.0.10/32" }],
    kms: { vault: true, private: [{ cidr: "10.20.0.0/24" }, { namespace: "vault" }] },
  },
  autoscaling: {
    minReplicas: 3,
    maxReplicas: 20,
    requestsInFlight: 2.25,
    cpuPercent: 60,
    scaleDownAfterSeconds: 600,
  },
  monitoring: {
    kind: "ServiceMonitor",
    labels: { release: "prometheus" },
    interval: "15s",
    tls: { caSecret: "ca", caKey: "root.pem", serverName: "proxy.example.com" },
  },
  alerts: { groups: RULES, labels: { release: "prometheus" } },
  pod: {
    labels: { team: "security" },
    annotations: { "example.com/owner": "security" },
    nodeSelector: { "kubernetes.io/arch": "arm64" },
    tolerations: [
      { key: "dedicated", operator: "Equal", value: "security", effect: "NoSchedule" },
      { key: "slow", operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 },
    ],
    priorityClassName: "business-critical",
    imagePullSecrets: ["registry"],
    user: 1_000,
  },
};

/** Every combination that changes which objects there are, or what they look like. */
export const COMBINATIONS: Readonly<Record<string, TenantSecurityProxyProps>> = {
  "nothing but an image": { image: IMAGE },
  "every prop": EVERYTHING,
  "a digest and another name": { image: `proxy@sha256:${"0".repeat(64)}`, name: "p" },
  "the longest name": { image: IMAGE, name: "n".repeat(56) },
  "five replicas in zones that must differ": { image: IMAGE, replicas: 5, zones: "required" },
  TLS: { image: IMAGE, tls: { secretName: "tsp-tls" } },
  "events switched off": { image: IMAGE, events: { enabled: false } },
  "events required and encrypted": {
    image: IMAGE,
    events: { mode: "require", curveSecret: "tsp-curve" },
  },
  "a volume for tenant secrets": {
    image: IMAGE,
    configuration: { tenantSecretsClaim: "tenant-secrets" },
  },
  "no network policy": { image: IMAGE, networkPolicy: { enabled: false } },
  "nobody let in": {
    image: IMAGE,
    networkPolicy: { clients: [], prometheus: [], eventReaders: [], dns: [] },
  },
  "Vault and a private endpoint": {
    image: IMAGE,
    networkPolicy: { kms: { vault: true, private: [{ cidr: "10.1.2.3/32" }] } },
  },
  "scaling on both metrics": { image: IMAGE, autoscaling: {} },
  "scaling on the processor alone": { image: IMAGE, autoscaling: { requestsInFlight: 0 } },
  "scaling on requests alone": { image: IMAGE, autoscaling: { cpuPercent: 0 } },
  "a pod monitor": { image: IMAGE, monitoring: { kind: "PodMonitor" } },
  "a service monitor over TLS": {
    image: IMAGE,
    namespace: "tenant-security",
    tls: { secretName: "tsp-tls" },
    monitoring: { kind: "ServiceMonitor" },
  },
  "a pod monitor over TLS, and rules": {
    image: IMAGE,
    tls: { secretName: "tsp-tls" },
    monitoring: { kind: "PodMonitor", tls: { serverName: "proxy.example.com" } },
    alerts: { groups: RULES },
  },
  "no pause before stopping": {
    image: IMAGE,
    stopping: { preStopSleepSeconds: 0, drainDelayMs: 0, deadlineMs: 1_000 },
  },
  "settings of the proxy": {
    image: IMAGE,
    environment: { TSP_BIND_ADDRESS: "::", TSP_LEASE_CIPHER: "aes-256-gcm", RUST_LOG: "warn" },
  },
};

/** No member left out. Entries of lists and variables of the proxy are somebody's choice. */
type Complete<T> = T extends readonly unknown[] | EnvironmentProps[keyof EnvironmentProps]
  ? T
  : {
      readonly [Key in keyof T]-?: Key extends "environment"
        ? Exclude<T[Key], undefined>
        : Complete<Exclude<T[Key], undefined>>;
    };
