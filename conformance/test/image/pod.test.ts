import { readFileSync } from "node:fs";
import { DataFolder, get, primary, send } from "@tenant-security/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithContainers } from "../../../packages/kms-adapters/test/containers/engine.ts";
import { localTenants } from "../../../packages/proxy/test/system/support/world.ts";
import { type ContainerProxy, startContainer } from "../../support/image/container.ts";
import { BUILD_TIMEOUT_MS, proxyImage } from "../../support/image/image.ts";
import { MountedSecret } from "../../support/image/mounted-secret.ts";
import { deployedPod } from "../../support/image/pod.ts";

const { containers, securityContext } = deployedPod();
const [pod] = containers;
const KEYS = ["leased.key", "first.key", "second.key"];

// No test has a kubelet: the engine gets the user, the variables and the mount of the manifest.
describeWithContainers("The image as the pod of deploy/kubernetes", () => {
  const folder = new DataFolder();
  const document = localTenants(folder);
  let secret: MountedSecret;
  let proxy: ContainerProxy;

  beforeAll(async () => {
    secret = new MountedSecret(entries(document));
    proxy = await startContainer({
      image: await proxyImage(),
      folder: secret,
      mountPath: pod.volumeMounts[0]!.mountPath,
      user: `${securityContext.runAsUser}:${securityContext.runAsGroup}`,
      env: Object.fromEntries(pod.env.map(({ name, value }) => [name, value])),
    });
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await proxy?.remove();
    secret?.remove();
    folder.remove();
  });

  it.for(["startupProbe", "livenessProbe", "readinessProbe"] as const)(
    "answers the %s",
    async (name) => {
      const { path } = pod[name].httpGet;

      expect(await get(`${proxy.healthUrl}${path}`)).toMatchObject({ status: 200 });
    },
  );

  it("wraps a key", async () => {
    expect(await wrap("leased")).toBe(200);
  });

  it("takes up a Secret that was updated", async () => {
    expect(await wrap("new")).toBe(404);

    const tenants = [...document.tenants, { id: "new", configurations: [primary(11)] }];
    secret.update(entries({ ...document, tenants }));

    await expect.poll(() => wrap("new"), { timeout: 30_000 }).toBe(200);
  });

  it("stops before its deadline", { timeout: 90_000 }, async () => {
    expect(await proxy.stop()).toBe(0);
  });

  function entries(configuration: typeof document): Record<string, string> {
    const keys = KEYS.map((name) => [name, readFileSync(folder.file(name), "utf8")]);
    return { ...Object.fromEntries(keys), "tenants.yaml": JSON.stringify(configuration) };
  }

  async function wrap(tenantId: string): Promise<number> {
    const body = { tenantId, iclFields: { requestingId: "pod" }, customFields: {} };
    return (await send(`${proxy.url}/api/1/document/wrap`, body)).status;
  }
});
