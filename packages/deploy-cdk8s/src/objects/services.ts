import type { ApiObject } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import type { Construct } from "constructs";
import { CONTRACT } from "../contract.ts";
import type { Plan } from "../plan.ts";
import { apiObject } from "./api-object.ts";
import { metadata, selector } from "./labels.ts";

/** What applications call. */
export function clientService(scope: Construct, plan: Plan): ApiObject {
  const { type, annotations } = plan.service;
  return apiObject(scope, "service", k8s.KubeService, {
    metadata: {
      ...metadata(plan),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      type,
      selector: selector(plan),
      ports: [
        {
          name: "http",
          port: CONTRACT.ports.http,
          targetPort: k8s.IntOrString.fromString("http"),
          appProtocol: plan.tls === undefined ? "http" : "https",
        },
      ],
    },
  });
}

/** What readers of events look up: they connect to every pod, so it has no address of its own. */
export function eventService(scope: Construct, plan: Plan): ApiObject {
  return apiObject(scope, "event-service", k8s.KubeService, {
    metadata: metadata(plan, "-events"),
    spec: {
      clusterIp: "None",
      selector: selector(plan),
      // A pod that stops still has events to hand over.
      publishNotReadyAddresses: true,
      ports: [
        {
          name: "logdriver",
          port: CONTRACT.ports.logdriver,
          targetPort: k8s.IntOrString.fromString("logdriver"),
        },
      ],
    },
  });
}
