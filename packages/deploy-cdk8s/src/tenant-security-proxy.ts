import { type ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import { Construct } from "constructs";
import { PropsError } from "./errors.ts";
import { apiObject } from "./objects/api-object.ts";
import { autoscaler } from "./objects/autoscaler.ts";
import { deployment } from "./objects/deployment.ts";
import { metadata, selector } from "./objects/labels.ts";
import { alertRules, monitor } from "./objects/monitoring.ts";
import { networkPolicy } from "./objects/network-policy.ts";
import { clientService, eventService } from "./objects/services.ts";
import { type Plan, planOf } from "./plan.ts";
import type { TenantSecurityProxyProps } from "./props/props.ts";
import { checkProps } from "./validation/check-props.ts";

/**
 * A deployment of the proxy with all objects around it, for a chart of your own. Every object is
 * within reach, so that `addJsonPatch` can change what no prop covers.
 */
export class TenantSecurityProxy extends Construct {
  readonly deployment: ApiObject;
  readonly service: ApiObject;
  readonly serviceAccount: ApiObject;
  readonly disruptionBudget: ApiObject;
  /** Missing when events are off. */
  readonly eventService: ApiObject | undefined;
  /** Missing when it is not enabled. */
  readonly networkPolicy: ApiObject | undefined;
  // Missing when they were not asked for.
  readonly autoscaler: ApiObject | undefined;
  readonly monitor: ApiObject | undefined;
  readonly alertRules: ApiObject | undefined;

  /** @throws PropsError with every mistake in the props */
  constructor(scope: Construct, id: string, props: TenantSecurityProxyProps) {
    super(scope, id);
    const plan = planOf(checkProps(props), Chart.of(this).namespace);
    requireServerName(plan, props);

    this.serviceAccount = serviceAccount(this, plan);
    this.deployment = deployment(this, plan);
    this.service = clientService(this, plan);
    this.eventService = plan.events.enabled ? eventService(this, plan) : undefined;
    this.disruptionBudget = disruptionBudget(this, plan);
    this.networkPolicy = plan.networkPolicy && networkPolicy(this, plan, plan.networkPolicy);
    this.autoscaler = plan.autoscaling && autoscaler(this, plan, plan.autoscaling);
    this.monitor = plan.monitoring && monitor(this, plan, plan.monitoring);
    this.alertRules = plan.alerts && alertRules(this, plan, plan.alerts);
  }
}

/** The default is made from the namespace, which may come from the chart. */
function requireServerName({ monitoring, namespace }: Plan, props: TenantSecurityProxyProps): void {
  if (monitoring?.tls === undefined || namespace !== undefined) return;
  if (props.monitoring?.tls?.serverName !== undefined) return;
  const message = "is needed where no namespace is given: the name in the proxy's certificate";
  throw new PropsError([{ path: "monitoring.tls.serverName", message }]);
}

/** An identity without rights and without a token: the proxy never calls Kubernetes. */
function serviceAccount(scope: Construct, plan: Plan): ApiObject {
  return apiObject(scope, "service-account", k8s.KubeServiceAccount, {
    metadata: metadata(plan),
    automountServiceAccountToken: false,
  });
}

function disruptionBudget(scope: Construct, plan: Plan): ApiObject {
  return apiObject(scope, "disruption-budget", k8s.KubePodDisruptionBudget, {
    metadata: metadata(plan),
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(plan.maxUnavailable),
      selector: { matchLabels: selector(plan) },
      // A pod that is not ready serves nobody and must not hold up a node's maintenance.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}
