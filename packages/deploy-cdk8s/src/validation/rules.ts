import { CONTRACT } from "../contract.ts";
import type { Mistake } from "../errors.ts";
import type { NetworkPolicyProps, PeerProps } from "../props/network-policy.ts";
import type { TenantSecurityProxyProps, TolerationProps } from "../props/props.ts";
import { cidrMistake } from "./cidr.ts";

/** The props that have passed the schema; what has not is missing. */
type Props = Partial<TenantSecurityProxyProps>;

type Rule = (props: Props) => Iterable<Mistake>;

/** What no schema can say: how one prop fits another. */
export const RULES: readonly Rule[] = [
  function* image({ image = "" }) {
    if (/:latest(@|$)/.test(image)) {
      yield { path: "image", message: "must name a version: latest is another image every day" };
    }
  },

  function* replicas({ replicas, autoscaling }) {
    if (replicas !== undefined && autoscaling !== undefined) {
      yield { path: "replicas", message: "is decided by autoscaling; use autoscaling.minReplicas" };
    }
  },

  function* autoscaling({ autoscaling }) {
    if (autoscaling === undefined) return;
    const { minReplicas = 2, maxReplicas = 10, requestsInFlight, cpuPercent } = autoscaling;
    if (minReplicas > maxReplicas) {
      yield { path: "autoscaling.minReplicas", message: `must not be above ${maxReplicas}` };
    }
    if (requestsInFlight !== undefined && requestsInFlight > 0 && requestsInFlight < 0.1) {
      yield { path: "autoscaling.requestsInFlight", message: "must be 0 or at least 0.1" };
    }
    if (requestsInFlight === 0 && cpuPercent === 0) {
      yield { path: "autoscaling", message: "needs requestsInFlight, cpuPercent or both" };
    }
  },

  function* disruptionBudget({ disruptionBudget, replicas = 2, autoscaling }) {
    const least = autoscaling === undefined ? replicas : (autoscaling.minReplicas ?? 2);
    if ((disruptionBudget?.maxUnavailable ?? 1) >= least) {
      const message = `must be below ${least}, so that one pod is left`;
      yield { path: "disruptionBudget.maxUnavailable", message };
    }
  },

  function* stopping({ stopping = {} }) {
    const { drainDelayMs = CONTRACT.stopping.drainDelayMs } = stopping;
    const { deadlineMs = CONTRACT.stopping.deadlineMs } = stopping;
    if (deadlineMs <= drainDelayMs) {
      const message = `must be above the drain delay of ${drainDelayMs}, which is part of it`;
      yield { path: "stopping.deadlineMs", message };
    }
  },

  function* configuration({ configuration }) {
    if (configuration?.fileName === CONTRACT.tenantSecretsFolder) {
      yield { path: "configuration.fileName", message: "is the folder of the tenant secrets" };
    }
  },

  function* events({ events }) {
    if (events?.enabled !== false) return;
    for (const name of ["mode", "curveSecret"] as const) {
      if (events[name] !== undefined) {
        yield { path: `events.${name}`, message: "has no effect when events.enabled is false" };
      }
    }
  },

  function* monitoring({ monitoring, tls }) {
    if (monitoring?.tls !== undefined && tls === undefined) {
      yield { path: "monitoring.tls", message: "needs tls: without it /metrics is plain HTTP" };
    }
  },

  function* alerts({ alerts: { groups } = { groups: [] } }) {
    const names = new Set<string>();
    for (const [index, { name, rules }] of groups.entries()) {
      const path = `alerts.groups[${index}]`;
      if (names.has(name)) yield { path: `${path}.name`, message: "is there twice" };
      names.add(name);
      for (const [position, { alert, record }] of rules.entries()) {
        if ((alert === undefined) !== (record === undefined)) continue;
        const message = "needs exactly one of alert and record";
        yield { path: `${path}.rules[${position}]`, message };
      }
    }
  },

  function* pod({ pod }) {
    if (pod?.labels?.["app"] !== undefined) {
      yield { path: "pod.labels.app", message: "is the label that selects the pods; use name" };
    }
  },

  function* tolerations({ pod }) {
    for (const [index, toleration] of (pod?.tolerations ?? []).entries()) {
      const message = tolerationMistake(toleration);
      if (message !== undefined) yield { path: `pod.tolerations[${index}]`, message };
    }
  },

  function* peers({ networkPolicy = {} }) {
    for (const [path, peer] of allPeers(networkPolicy)) {
      const message = peerMistake(peer);
      if (message !== undefined) yield { path, message };
    }
  },
];

function tolerationMistake(toleration: TolerationProps): string | undefined {
  const { key, operator = "Equal", value, effect, tolerationSeconds } = toleration;
  if (key === undefined && operator === "Equal") return "needs a key, or operator Exists";
  if (value !== undefined && operator === "Exists") return "cannot have a value: Exists is for any";
  const seconds = tolerationSeconds !== undefined;
  return seconds && effect !== "NoExecute" ? "has seconds for NoExecute only" : undefined;
}

function* allPeers(policy: NetworkPolicyProps): Iterable<readonly [string, PeerProps]> {
  const { clients, prometheus, eventReaders, dns, kms } = policy;
  const lists = { clients, prometheus, eventReaders, dns, "kms.private": kms?.private };
  for (const [name, peers = []] of Object.entries(lists)) {
    for (const [index, peer] of peers.entries()) {
      yield [`networkPolicy.${name}[${index}]`, peer];
    }
  }
}

function peerMistake({ cidr, namespace, podLabels }: PeerProps): string | undefined {
  const pods = namespace !== undefined || podLabels !== undefined;
  if ((cidr === undefined) !== pods) {
    return "needs either cidr, or namespace, podLabels or both";
  }
  return cidr === undefined ? undefined : cidrMistake(cidr);
}
