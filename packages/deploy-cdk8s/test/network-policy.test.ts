import { expect, it } from "vitest";
import type { NetworkPolicyProps } from "../src/index.ts";
import { IMAGE } from "./combinations.ts";
import { type Members, objectOf } from "./rendered.ts";

interface Rule {
  readonly from?: readonly unknown[];
  readonly to?: readonly unknown[];
  readonly ports: readonly Members[];
}

interface Policy {
  readonly policyTypes: readonly string[];
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}

function policyOf(networkPolicy: NetworkPolicyProps = {}, events = true): Policy {
  const props = { image: IMAGE, networkPolicy, events: { enabled: events } };
  return objectOf(props, "NetworkPolicy").spec as unknown as Policy;
}

/** Who may come in, port by port. */
const ingressOf = (...args: Parameters<typeof policyOf>): unknown =>
  policyOf(...args).ingress.map(({ from, ports: [port] }) => [port?.["port"], from]);

const DNS = [
  { port: 53, protocol: "UDP" },
  { port: 53, protocol: "TCP" },
];

it("closes both directions but for what it lists", () => {
  expect(policyOf().policyTypes).toEqual(["Ingress", "Egress"]);
});

it("lets in the namespace's pods, a Prometheus and readers of events, each to its port", () => {
  const monitoring = { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } };

  expect(ingressOf()).toEqual([
    [7777, [{ podSelector: { matchLabels: {} } }]],
    [7777, [{ namespaceSelector: monitoring, podSelector: { matchLabels: {} } }]],
    [5555, [{ podSelector: { matchLabels: { app: "logdriver" } } }]],
  ]);
});

it("never opens the health port: the kubelet needs no rule", () => {
  expect(JSON.stringify(policyOf())).not.toContain("9000");
});

it("has no rule when nobody is listed, as a rule for nobody would be one for everybody", () => {
  expect(ingressOf({ clients: [], prometheus: [], eventReaders: [] })).toEqual([]);
});

it("opens no port for events that are switched off", () => {
  expect(JSON.stringify(ingressOf({}, false))).not.toContain("5555");
});

it("lets in addresses, and pods by namespace and label", () => {
  const clients = [{ cidr: "10.0.0.0/8" }, { namespace: "app", podLabels: { tier: "web" } }];
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "app" } };
  const web = { namespaceSelector, podSelector: { matchLabels: { tier: "web" } } };

  expect(ingressOf({ clients, prometheus: [], eventReaders: [] })).toEqual([
    [7777, [{ ipBlock: { cidr: "10.0.0.0/8" } }, web]],
  ]);
});

it("lets it ask the cluster's name servers and call public addresses over 443, no others", () => {
  const [dns, kms, ...others] = policyOf().egress;

  expect(dns?.ports).toEqual(DNS);
  expect(kms?.ports).toEqual([{ port: 443, protocol: "TCP" }]);
  expect(others).toEqual([]);
});

it.for([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fc00::/7",
])("keeps it away from %s", (range) => {
  const [, kms] = policyOf().egress;

  expect(JSON.stringify(kms?.to)).toContain(`"${range}"`);
});

it("adds Vault's port and private addresses when told so", () => {
  const [, kms] = policyOf({ kms: { vault: true, private: [{ cidr: "10.1.2.3/32" }] } }).egress;

  expect(kms?.ports).toEqual([
    { port: 443, protocol: "TCP" },
    { port: 8200, protocol: "TCP" },
  ]);
  expect(kms?.to).toContainEqual({ ipBlock: { cidr: "10.1.2.3/32" } });
});
