import { Chart } from "cdk8s";
import type { Construct } from "constructs";
import type { TenantSecurityProxyProps } from "./props/props.ts";
import { TenantSecurityProxy } from "./tenant-security-proxy.ts";

/** A chart that holds one {@link TenantSecurityProxy} and nothing else. */
export class TenantSecurityProxyChart extends Chart {
  readonly proxy: TenantSecurityProxy;

  /** @throws PropsError with every mistake in the props */
  constructor(scope: Construct, id: string, props: TenantSecurityProxyProps) {
    super(scope, id);
    this.proxy = new TenantSecurityProxy(this, "proxy", props);
  }
}
