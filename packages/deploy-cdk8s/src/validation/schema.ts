import { type Static, type TSchema, Type } from "typebox";
import { OWNED_VARIABLES } from "../props/owned.ts";
import type { EnvironmentProps, TenantSecurityProxyProps } from "../props/props.ts";
import { PLAIN_VARIABLES } from "../props/variables.ts";
import * as form from "./forms.ts";

const DAY_SECONDS = 86_400;
const HOUR_MS = 3_600_000;

const resources = form.closed({
  cpu: Type.Optional(form.cpuQuantity),
  memory: Type.Optional(form.memoryQuantity),
});

const environmentValue = Type.Unsafe<string | number | boolean>({
  type: ["string", "number", "boolean"],
  description: "text, a number, true or false",
});

const environment = Type.Unsafe<EnvironmentProps>(
  form.closed(
    Object.fromEntries(
      PLAIN_VARIABLES.filter((name) => !Object.hasOwn(OWNED_VARIABLES, name)).map((name) => [
        name,
        Type.Optional(environmentValue),
      ]),
    ),
  ),
);

const configuration = form.closed({
  secretName: Type.Optional(form.objectName),
  fileName: Type.Optional(form.secretKey),
  tenantSecretsClaim: Type.Optional(form.objectName),
});

const events = form.closed({
  enabled: Type.Optional(form.flag),
  mode: Type.Optional(form.choice("drop", "require")),
  curveSecret: Type.Optional(form.objectName),
});

const stopping = form.closed({
  preStopSleepSeconds: Type.Optional(form.whole(0, 600)),
  drainDelayMs: Type.Optional(form.whole(0, 600_000)),
  deadlineMs: Type.Optional(form.whole(100, HOUR_MS)),
});

const service = form.closed({
  type: Type.Optional(form.choice("ClusterIP", "LoadBalancer")),
  annotations: Type.Optional(form.annotations),
});

const peer = form.closed({
  namespace: Type.Optional(form.namespaceName),
  podLabels: Type.Optional(form.labels),
  cidr: Type.Optional(form.cidr),
});

const networkPolicy = form.closed({
  enabled: Type.Optional(form.flag),
  clients: Type.Optional(Type.Array(peer)),
  prometheus: Type.Optional(Type.Array(peer)),
  eventReaders: Type.Optional(Type.Array(peer)),
  dns: Type.Optional(Type.Array(peer)),
  kms: Type.Optional(
    form.closed({
      vault: Type.Optional(form.flag),
      private: Type.Optional(Type.Array(peer)),
    }),
  ),
});

const autoscaling = form.closed({
  minReplicas: Type.Optional(form.whole(2, 1_000)),
  maxReplicas: Type.Optional(form.whole(2, 1_000)),
  requestsInFlight: Type.Optional(
    Type.Number({ description: "a number from 0 to 1,000", minimum: 0, maximum: 1_000 }),
  ),
  cpuPercent: Type.Optional(form.whole(0, 100)),
  scaleDownAfterSeconds: Type.Optional(form.whole(0, 3_600)),
});

const monitoring = form.closed({
  kind: form.choice("ServiceMonitor", "PodMonitor"),
  labels: Type.Optional(form.labels),
  interval: Type.Optional(form.duration),
  tls: Type.Optional(
    form.closed({
      caSecret: Type.Optional(form.objectName),
      caKey: Type.Optional(form.secretKey),
      serverName: Type.Optional(form.filledText),
    }),
  ),
});

const rule = form.closed({
  alert: Type.Optional(form.filledText),
  record: Type.Optional(form.filledText),
  expr: form.filledText,
  for: Type.Optional(form.duration),
  keep_firing_for: Type.Optional(form.duration),
  labels: Type.Optional(form.seriesLabels),
  annotations: Type.Optional(form.seriesLabels),
});

const ruleGroup = form.closed({
  name: form.filledText,
  interval: Type.Optional(form.duration),
  rules: Type.Array(rule, { minItems: 1, description: "a list with at least one rule" }),
});

const alerts = form.closed({
  groups: Type.Array(ruleGroup, { minItems: 1, description: "a list with at least one group" }),
  labels: Type.Optional(form.labels),
});

const toleration = form.closed({
  key: Type.Optional(form.filledText),
  operator: Type.Optional(form.choice("Exists", "Equal")),
  value: Type.Optional(form.anyText),
  effect: Type.Optional(form.choice("NoSchedule", "PreferNoSchedule", "NoExecute")),
  tolerationSeconds: Type.Optional(form.whole(0, DAY_SECONDS)),
});

const pod = form.closed({
  labels: Type.Optional(form.labels),
  annotations: Type.Optional(form.annotations),
  nodeSelector: Type.Optional(form.labels),
  tolerations: Type.Optional(Type.Array(toleration)),
  priorityClassName: Type.Optional(form.objectName),
  imagePullSecrets: Type.Optional(
    Type.Array(form.objectName, { uniqueItems: true, description: "a list without repetitions" }),
  ),
  user: Type.Optional(form.whole(1, 2_147_483_647)),
});

const schema = form.closed({
  image: form.imageReference,
  name: Type.Optional(form.deploymentName),
  namespace: Type.Optional(form.namespaceName),
  replicas: Type.Optional(form.whole(2, 1_000)),
  zones: Type.Optional(form.choice("preferred", "required")),
  resources: Type.Optional(resources),
  environmentSecret: Type.Optional(form.objectName),
  environment: Type.Optional(environment),
  configuration: Type.Optional(configuration),
  tls: Type.Optional(form.closed({ secretName: form.objectName })),
  events: Type.Optional(events),
  stopping: Type.Optional(stopping),
  service: Type.Optional(service),
  disruptionBudget: Type.Optional(
    form.closed({ maxUnavailable: Type.Optional(form.whole(1, 1_000)) }),
  ),
  networkPolicy: Type.Optional(networkPolicy),
  autoscaling: Type.Optional(autoscaling),
  monitoring: Type.Optional(monitoring),
  alerts: Type.Optional(alerts),
  pod: Type.Optional(pod),
});

export const propsSchema: TSchema = schema;

/** Only for what passed the schema. Does not compile when schema and interface disagree. */
export function asProps(value: unknown): TenantSecurityProxyProps {
  const passed = value as Static<typeof schema>;
  return passed;
}
