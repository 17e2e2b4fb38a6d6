import { ApiObject, Chart, JsonPatch, Testing } from "cdk8s";
import { describe, expect, it } from "vitest";
import { TenantSecurityProxy } from "../src/index.ts";
import { IMAGE } from "./combinations.ts";
import type { Manifest } from "./rendered.ts";

describe("In somebody's own chart", () => {
  it("stands beside other objects, in the chart's namespace", () => {
    const chart = new Chart(Testing.app(), "mine", { namespace: "apps" });
    new ApiObject(chart, "other", { apiVersion: "v1", kind: "ConfigMap" });
    new TenantSecurityProxy(chart, "proxy", {
      image: IMAGE,
      tls: { secretName: "tsp-tls" },
      monitoring: { kind: "ServiceMonitor" },
    });

    const objects = Testing.synth(chart) as Manifest[];

    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["apps"]));
    expect(objects.map(({ kind }) => kind)).toContain("ConfigMap");
    expect(JSON.stringify(objects)).toContain("tenant-security-proxy.apps.svc");
  });

  it("can be there twice under two names", () => {
    const chart = new Chart(Testing.app(), "mine");
    for (const name of ["proxy-eu", "proxy-us"]) {
      new TenantSecurityProxy(chart, name, { image: IMAGE, name });
    }

    const objects = Testing.synth(chart) as Manifest[];
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

    expect(new Set(names).size).toBe(objects.length);
  });

  it("lets patches change what no prop covers, members younger than 1.27 included", () => {
    const chart = new Chart(Testing.app(), "mine");
    const { deployment, service } = new TenantSecurityProxy(chart, "proxy", { image: IMAGE });
    const volume = { name: "configuration", persistentVolumeClaim: { claimName: "tsp-config" } };
    deployment.addJsonPatch(JsonPatch.replace("/spec/template/spec/volumes/0", volume));
    service.addJsonPatch(JsonPatch.add("/spec/trafficDistribution", "PreferSameZone"));

    const text = JSON.stringify(Testing.synth(chart));

    expect(text).toContain('"trafficDistribution":"PreferSameZone"');
    expect(text).toContain('"persistentVolumeClaim":{"claimName":"tsp-config"}');
    expect(text).not.toContain('"secretName"');
  });

  it("has only the objects that were asked for", () => {
    const chart = new Chart(Testing.app(), "mine");

    const proxy = new TenantSecurityProxy(chart, "proxy", {
      image: IMAGE,
      events: { enabled: false },
      networkPolicy: { enabled: false },
    });

    expect(proxy).toMatchObject({
      eventService: undefined,
      networkPolicy: undefined,
      autoscaler: undefined,
      monitor: undefined,
      alertRules: undefined,
    });
  });
});
