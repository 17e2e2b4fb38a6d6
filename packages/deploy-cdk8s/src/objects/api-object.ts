import { ApiObject, type ApiObjectProps } from "cdk8s";
import type { Construct } from "constructs";

/** A class of the types of Kubernetes 1.27. */
interface Kind<Props> {
  manifest(props?: Props): unknown;
}

/**
 * An object that is written with the types of Kubernetes 1.27. Their own classes drop every member
 * that 1.27 did not have, when JSON patches add it; this one keeps them.
 */
export function apiObject<Props>(
  scope: Construct,
  id: string,
  kind: Kind<Props>,
  props: NoInfer<Props>,
): ApiObject {
  return new ApiObject(scope, id, kind.manifest(props) as ApiObjectProps);
}
