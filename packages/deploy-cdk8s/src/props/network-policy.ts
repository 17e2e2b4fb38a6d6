/**
 * Who may connect to the proxy, and where it may connect to. Policies add up: what this one cannot
 * express, another one beside it can allow.
 */
export interface NetworkPolicyProps {
  /** Default true. */
  readonly enabled?: boolean;
  /** Who may call the API. Default: every pod of the namespace. */
  readonly clients?: readonly PeerProps[];
  /** Who may scrape `/metrics`. Default: every pod of the namespace `monitoring`. */
  readonly prometheus?: readonly PeerProps[];
  /** Who may read security events. Default: pods of the namespace labelled `app: logdriver`. */
  readonly eventReaders?: readonly PeerProps[];
  /** Name servers. Default: `k8s-app: kube-dns` in `kube-system`, and the cache on each node. */
  readonly dns?: readonly PeerProps[];
  /** Default: port 443 of public addresses. */
  readonly kms?: KmsPolicyProps;
}

/** Pods, or addresses. */
export interface PeerProps {
  /** Namespace of the pods, by name. Default: the proxy's own. */
  readonly namespace?: string;
  /** Labels of the pods. Default: all of them. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Addresses instead of pods: `10.1.0.0/16`. */
  readonly cidr?: string;
}

/** KMS are reached at public addresses over 443; private ranges and metadata services are not. */
export interface KmsPolicyProps {
  /** Allows port 8200 as well, Vault's own. Default false. */
  readonly vault?: boolean;
  /** KMS inside: private endpoints by their addresses, or pods. Default: none. */
  readonly private?: readonly PeerProps[];
}
