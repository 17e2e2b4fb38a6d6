import { App } from "cdk8s";
import { TenantSecurityProxyChart } from "./chart.ts";
import type { TenantSecurityProxyProps } from "./props/props.ts";

/** The manifests as one YAML text, for `kubectl apply -f -`. @throws PropsError */
export function renderManifests(props: TenantSecurityProxyProps): string {
  const app = new App();
  new TenantSecurityProxyChart(app, "tenant-security-proxy", props);
  return app.synthYaml();
}
