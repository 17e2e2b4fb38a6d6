import type { AlertProps, MonitoringProps } from "./monitoring.ts";
import type { NetworkPolicyProps } from "./network-policy.ts";
import type { SettableVariable } from "./owned.ts";

/** What one deployment of the proxy looks like. Only the image has no default. */
export interface TenantSecurityProxyProps {
  /** Image with a tag or a digest: `registry.example.com/tenant-security-proxy:1.2.3`. */
  readonly image: string;
  /** Name of the Deployment and prefix of every other object. Default `tenant-security-proxy`. */
  readonly name?: string;
  /** Namespace of every object. Default: the chart's, or the one that `kubectl` uses. */
  readonly namespace?: string;
  /** Pods, at least 2. Default 2. Not together with `autoscaling`. */
  readonly replicas?: number;
  /** Default `preferred`: a pod starts even where it makes zones uneven; `required`: it waits. */
  readonly zones?: "preferred" | "required";
  /** Default: 2 processors and 1256Mi. */
  readonly resources?: ResourceProps;
  /** Secret whose entries become variables, `API_KEY` among them. Default `tsp-secrets`. */
  readonly environmentSecret?: string;
  /** Settings that are no secret, by the proxy's own names. Win over the Secret. */
  readonly environment?: EnvironmentProps;
  /** Default: `tenants.yaml` of the Secret `tsp-config`. */
  readonly configuration?: ConfigurationProps;
  /** Serves HTTPS on the HTTP port. Default: plain HTTP. */
  readonly tls?: TlsProps;
  /** Default: sent in plain to whoever connects, and dropped when nobody does. */
  readonly events?: EventProps;
  /** Default: within 30 seconds. */
  readonly stopping?: StoppingProps;
  /** Default: within the cluster. */
  readonly service?: ServiceProps;
  /** Default: one pod at a time. */
  readonly disruptionBudget?: DisruptionBudgetProps;
  /** Default: closed but for the namespace's pods, Prometheus, name servers and public KMS. */
  readonly networkPolicy?: NetworkPolicyProps;
  /** Adds a HorizontalPodAutoscaler. Default: a fixed number of replicas. */
  readonly autoscaling?: AutoscalingProps;
  /** Adds a monitor of the Prometheus operator. Default: scrape annotations on the pods. */
  readonly monitoring?: MonitoringProps;
  /** Adds a PrometheusRule of the Prometheus operator. Default: none. */
  readonly alerts?: AlertProps;
  /** What the pods have beyond all this. */
  readonly pod?: PodProps;
}

/** Requests and limits are the same, so that a pod has what it was promised and no more. */
export interface ResourceProps {
  /** Processors, such as `1500m`. Default `2`. The proxy starts a worker for each, at most 8. */
  readonly cpu?: string;
  /** Memory, such as `1256Mi`. Default `1256Mi`. */
  readonly memory?: string;
}

/** Variables of the proxy that are neither secret nor decided by another prop. */
export type EnvironmentProps = {
  readonly [Name in SettableVariable]?: string | number | boolean;
};

/** Where the file with tenants and KMS configurations comes from. */
export interface ConfigurationProps {
  /** Secret that is mounted as a folder, read again when it changes. Default `tsp-config`. */
  readonly secretName?: string;
  /** The entry that is the configuration file. Default `tenants.yaml`. */
  readonly fileName?: string;
  /**
   * PersistentVolumeClaim, ReadWriteMany, for the tenant secrets that keys are derived from.
   * Default: none, and deriving under a new path fails.
   */
  readonly tenantSecretsClaim?: string;
}

/** Where the proxy's certificate comes from. */
export interface TlsProps {
  /** Secret of type `kubernetes.io/tls`: `tls.crt`, `tls.key`. Read again when it changes. */
  readonly secretName: string;
}

/** Security events on port 5555. */
export interface EventProps {
  /** Default true. `false` opens no port. */
  readonly enabled?: boolean;
  /** What happens when an event cannot be queued. Default `drop`. */
  readonly mode?: "drop" | "require";
  /** Secret with `public.key` and `secret.key` (Z85) that encrypts the stream. Default: plain. */
  readonly curveSecret?: string;
}

/** How a pod ends. The pod's grace period is the sum of it all and 5 seconds. */
export interface StoppingProps {
  /** Pause before the proxy is told to stop, while endpoints are updated. Default 5; 0: none. */
  readonly preStopSleepSeconds?: number;
  /** `TSP_DRAIN_DELAY_MS`: `/ready` says no, requests are still accepted. Default 2,000. */
  readonly drainDelayMs?: number;
  /** `TSP_SHUTDOWN_DEADLINE_MS`: signal to end, the drain delay included. Default 20,000. */
  readonly deadlineMs?: number;
}

/** The Service that applications call. */
export interface ServiceProps {
  /** Default `ClusterIP`. */
  readonly type?: "ClusterIP" | "LoadBalancer";
  /** For whatever makes load balancers. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What maintenance of nodes may do. */
export interface DisruptionBudgetProps {
  /** Pods that may be away for maintenance at once. Default 1. */
  readonly maxUnavailable?: number;
}

/** Limits and targets of the autoscaler. Of its metrics the one that asks for more pods wins. */
export interface AutoscalingProps {
  /** Default 2. */
  readonly minReplicas?: number;
  /** Default 10. */
  readonly maxReplicas?: number;
  /** Requests in flight per pod to aim at. Default 4.5; 0 leaves the metric out. */
  readonly requestsInFlight?: number;
  /** Use of the requested processors to aim at, in percent. Default 80; 0 leaves the metric out. */
  readonly cpuPercent?: number;
  /** How long the load has to be low before pods are taken away, one a minute. Default 300. */
  readonly scaleDownAfterSeconds?: number;
}

/** As in Kubernetes, where nothing else is said. */
export interface PodProps {
  /** Added to the pod's own; `app` is taken. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly TolerationProps[];
  readonly priorityClassName?: string;
  /** Secrets with the credentials of the image's registry. */
  readonly imagePullSecrets?: readonly string[];
  /** User and group of the process and of the mounted files; any but root. Default 2. */
  readonly user?: number;
}

/** As in Kubernetes. */
export interface TolerationProps {
  readonly key?: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly tolerationSeconds?: number;
}
