export { TenantSecurityProxyChart } from "./chart.ts";
export { CONTRACT } from "./contract.ts";
export type { DeploymentContract } from "./contract.ts";
export { PropsError } from "./errors.ts";
export type { Mistake } from "./errors.ts";
export type {
  AlertProps,
  MonitoringProps,
  MonitoringTlsProps,
  RuleGroupProps,
  RuleProps,
} from "./props/monitoring.ts";
export type { KmsPolicyProps, NetworkPolicyProps, PeerProps } from "./props/network-policy.ts";
export type { OwnedVariable, SettableVariable } from "./props/owned.ts";
export type {
  AutoscalingProps,
  ConfigurationProps,
  DisruptionBudgetProps,
  EnvironmentProps,
  EventProps,
  PodProps,
  ResourceProps,
  ServiceProps,
  StoppingProps,
  TenantSecurityProxyProps,
  TlsProps,
  TolerationProps,
} from "./props/props.ts";
export type { PlainVariable } from "./props/variables.ts";
export { renderManifests } from "./render.ts";
export { readSettings } from "./settings-file.ts";
export { TenantSecurityProxy } from "./tenant-security-proxy.ts";
