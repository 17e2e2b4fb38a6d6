import type { ApiObject } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import type { Construct } from "constructs";
import { CONTRACT } from "../contract.ts";
import type { NetworkPlan, Plan } from "../plan.ts";
import type { PeerProps } from "../props/network-policy.ts";
import { apiObject } from "./api-object.ts";
import { metadata, selector } from "./labels.ts";

/** Everything but what the internet routes: private networks, and metadata services among them. */
const PUBLIC_ADDRESSES: readonly k8s.NetworkPolicyPeer[] = [
  {
    ipBlock: {
      cidr: "0.0.0.0/0",
      except: [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
      ],
    },
  },
  { ipBlock: { cidr: "::/0", except: ["::1/128", "fc00::/7", "fe80::/10"] } },
];

/** Nothing comes in or goes out but this. The kubelet's probes are let in by Kubernetes itself. */
export function networkPolicy(scope: Construct, plan: Plan, network: NetworkPlan): ApiObject {
  const { http, logdriver } = CONTRACT.ports;
  return apiObject(scope, "network-policy", k8s.KubeNetworkPolicy, {
    metadata: metadata(plan),
    spec: {
      podSelector: { matchLabels: selector(plan) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        ...ingress(network.clients, http),
        ...ingress(network.prometheus, http),
        ...(plan.events.enabled ? ingress(network.eventReaders, logdriver) : []),
      ],
      egress: [
        ...egress(network.dns.map(peer), [
          { protocol: "UDP", port: k8s.IntOrString.fromNumber(53) },
          { protocol: "TCP", port: k8s.IntOrString.fromNumber(53) },
        ]),
        ...egress(
          [...PUBLIC_ADDRESSES, ...network.privateKms.map(peer)],
          network.kmsPorts.map(tcp),
        ),
      ],
    },
  });
}

/** A rule without peers would let everyone in, so no peers are no rule. */
function ingress(
  peers: readonly PeerProps[],
  port: number,
): readonly k8s.NetworkPolicyIngressRule[] {
  return peers.length === 0 ? [] : [{ from: peers.map(peer), ports: [tcp(port)] }];
}

function egress(
  to: k8s.NetworkPolicyPeer[],
  ports: k8s.NetworkPolicyPort[],
): readonly k8s.NetworkPolicyEgressRule[] {
  return to.length === 0 ? [] : [{ to, ports }];
}

function tcp(port: number): k8s.NetworkPolicyPort {
  return { protocol: "TCP", port: k8s.IntOrString.fromNumber(port) };
}

function peer({ cidr, namespace, podLabels = {} }: PeerProps): k8s.NetworkPolicyPeer {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    ...(namespace !== undefined && {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    }),
    podSelector: { matchLabels: podLabels },
  };
}
