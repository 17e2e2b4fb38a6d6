/** A monitor of the Prometheus operator, whose definitions the cluster must have. */
export interface MonitoringProps {
  /** Whether it finds targets by the Service or by the pods; the job is the same. */
  readonly kind: "ServiceMonitor" | "PodMonitor";
  /** Labels by which a Prometheus finds it, such as `release: kube-prometheus-stack`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Time between two scrapes. Default `30s`. */
  readonly interval?: string;
  /** How to trust the proxy's certificate; counts only with `tls`. */
  readonly tls?: MonitoringTlsProps;
}

/** Whose signature Prometheus trusts, and for which name. */
export interface MonitoringTlsProps {
  /** Secret with the certificate authority. Default: the one of `tls`. */
  readonly caSecret?: string;
  /** Entry of that Secret. Default `ca.crt`. */
  readonly caKey?: string;
  /** Name in the certificate. Default `<name>.<namespace>.svc`. */
  readonly serverName?: string;
}

/** Rules of Prometheus, as in its rule files. The project's own are in `dashboards/`. */
export interface AlertProps {
  /** At least one, each with a name of its own. */
  readonly groups: readonly RuleGroupProps[];
  /** Labels by which a Prometheus finds the rules. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that Prometheus evaluates together. */
export interface RuleGroupProps {
  readonly name: string;
  /** Time between two evaluations. Default: what Prometheus is set to. */
  readonly interval?: string;
  readonly rules: readonly RuleProps[];
}

/** As in a rule file. Exactly one of `alert` and `record`. */
export interface RuleProps {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
