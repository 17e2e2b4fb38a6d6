import { CONTRACT } from "./contract.ts";
import type { AlertProps, MonitoringTlsProps } from "./props/monitoring.ts";
import type { PeerProps } from "./props/network-policy.ts";
import type {
  AutoscalingProps,
  EventProps,
  PodProps,
  ServiceProps,
  StoppingProps,
  TenantSecurityProxyProps,
  TlsProps,
} from "./props/props.ts";

/** The props with every default filled in: what the objects are made from. */
export interface Plan {
  readonly image: string;
  readonly name: string;
  /** Undefined: the one that `kubectl` uses. */
  readonly namespace: string | undefined;
  readonly replicas: number;
  readonly zones: "preferred" | "required";
  readonly cpu: string;
  readonly memory: string;
  readonly environmentSecret: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly configuration: {
    readonly secretName: string;
    readonly fileName: string;
    readonly tenantSecretsClaim: string | undefined;
  };
  readonly tls: TlsProps | undefined;
  readonly events: Required<Omit<EventProps, "curveSecret">> & Pick<EventProps, "curveSecret">;
  readonly stopping: Required<StoppingProps>;
  readonly service: Required<ServiceProps>;
  readonly maxUnavailable: number;
  readonly networkPolicy: NetworkPlan | undefined;
  readonly autoscaling: Required<AutoscalingProps> | undefined;
  readonly monitoring: MonitoringPlan | undefined;
  readonly alerts: Required<AlertProps> | undefined;
  readonly pod: PodProps & { readonly user: number };
}

export interface NetworkPlan {
  readonly clients: readonly PeerProps[];
  readonly prometheus: readonly PeerProps[];
  readonly eventReaders: readonly PeerProps[];
  readonly dns: readonly PeerProps[];
  readonly kmsPorts: readonly number[];
  readonly privateKms: readonly PeerProps[];
}

export interface MonitoringPlan {
  readonly kind: "ServiceMonitor" | "PodMonitor";
  readonly labels: Readonly<Record<string, string>>;
  readonly interval: string;
  /** Undefined: plain HTTP. */
  readonly tls: Required<MonitoringTlsProps> | undefined;
}

/** `chartNamespace` is where the objects go when the props do not say. */
export function planOf(props: TenantSecurityProxyProps, chartNamespace?: string): Plan {
  const name = props.name ?? "tenant-security-proxy";
  const namespace = props.namespace ?? chartNamespace;
  return {
    image: props.image,
    name,
    namespace,
    replicas: props.replicas ?? 2,
    zones: props.zones ?? "preferred",
    cpu: props.resources?.cpu ?? "2",
    memory: props.resources?.memory ?? "1256Mi",
    environmentSecret: props.environmentSecret ?? CONTRACT.secretName,
    environment: textValues(props.environment),
    configuration: {
      secretName: props.configuration?.secretName ?? CONTRACT.configurationSecretName,
      fileName: props.configuration?.fileName ?? "tenants.yaml",
      tenantSecretsClaim: props.configuration?.tenantSecretsClaim,
    },
    tls: props.tls,
    events: { enabled: true, mode: "drop", ...props.events },
    stopping: { preStopSleepSeconds: 5, ...CONTRACT.stopping, ...props.stopping },
    service: { type: "ClusterIP", annotations: {}, ...props.service },
    maxUnavailable: props.disruptionBudget?.maxUnavailable ?? 1,
    networkPolicy: networkPlan(props),
    autoscaling: props.autoscaling && { ...AUTOSCALING, ...props.autoscaling },
    monitoring: monitoringPlan(props, [name, namespace, "svc"]),
    alerts: props.alerts && { labels: {}, ...props.alerts },
    pod: { user: 2, ...props.pod },
  };
}

const AUTOSCALING: Required<AutoscalingProps> = {
  minReplicas: 2,
  maxReplicas: 10,
  requestsInFlight: 4.5,
  cpuPercent: 80,
  scaleDownAfterSeconds: 300,
};

function textValues(values: TenantSecurityProxyProps["environment"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function networkPlan({ networkPolicy = {} }: TenantSecurityProxyProps): NetworkPlan | undefined {
  if (networkPolicy.enabled === false) return undefined;
  return {
    clients: networkPolicy.clients ?? [{ podLabels: {} }],
    prometheus: networkPolicy.prometheus ?? [{ namespace: "monitoring" }],
    eventReaders: networkPolicy.eventReaders ?? [{ podLabels: { app: "logdriver" } }],
    dns: networkPolicy.dns ?? [
      { namespace: "kube-system", podLabels: { "k8s-app": "kube-dns" } },
      // NodeLocal DNSCache listens here on every node.
      { cidr: "169.254.20.10/32" },
    ],
    kmsPorts: networkPolicy.kms?.vault === true ? [443, 8200] : [443],
    privateKms: networkPolicy.kms?.private ?? [],
  };
}

function monitoringPlan(
  { monitoring, tls }: TenantSecurityProxyProps,
  serviceName: readonly (string | undefined)[],
): MonitoringPlan | undefined {
  if (monitoring === undefined) return undefined;
  return {
    kind: monitoring.kind,
    labels: monitoring.labels ?? {},
    interval: monitoring.interval ?? "30s",
    tls: tls && {
      caSecret: tls.secretName,
      caKey: "ca.crt",
      serverName: serviceName.join("."),
      ...monitoring.tls,
    },
  };
}
