import { TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import { API_KEY, type DataFolder } from "@tenant-security/testkit";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { describeWithContainers } from "../../../packages/kms-adapters/test/containers/engine.ts";
import { type ContainerProxy, startContainer } from "../../support/image/container.ts";
import { readableFolder } from "../../support/image/folder.ts";
import { BUILD_TIMEOUT_MS, proxyImage } from "../../support/image/image.ts";
import { Balancer } from "../../support/rolling/balancer.ts";
import { clientLoad, type Load, rawLoad } from "../../support/rolling/load.ts";

const REPLICAS = 2;
const CALLERS = 8;
const MORE = 500;
const SETTLED = { timeout: 60_000 };

describeWithContainers("a rolling restart behind a balancer that asks /ready", () => {
  let image: string;
  let folder: DataFolder;
  const containers: ContainerProxy[] = [];

  beforeAll(async () => {
    image = await proxyImage();
    folder = readableFolder();
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(containers.map((container) => container.remove()));
    folder?.remove();
  });

  it("fails no request, of the published client or on connections kept alive", async () => {
    const balancer = await aBalancer();
    const old = await Promise.all(Array.from({ length: REPLICAS }, () => join(balancer)));
    const client = new TenantSecurityClient(balancer.url, API_KEY);
    const loads = [clientLoad(client, CALLERS), rawLoad(balancer.url, CALLERS)];
    onTestFinished(() => endAll(loads));
    await more(loads);

    const exitCodes: number[] = [];
    const fresh: ContainerProxy[] = [];
    for (const container of old) {
      fresh.push(await join(balancer));
      exitCodes.push(await container.stop());
      balancer.remove(container);
      await more(loads);
    }
    await endAll(loads);

    expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
    expect(exitCodes).toEqual(old.map(() => 0));
    // Nobody was idle: otherwise nothing was put to the test.
    for (const container of [...old, ...fresh]) {
      expect(balancer.connections(container)).toBeGreaterThan(0);
    }
  }, 300_000);

  async function join(balancer: Balancer): Promise<ContainerProxy> {
    const container = await startContainer({ image, folder });
    containers.push(container);
    await balancer.add(container);
    return container;
  }
});

async function aBalancer(): Promise<Balancer> {
  const balancer = await Balancer.start();
  onTestFinished(() => balancer.close());
  return balancer;
}

/** Waits until every load has got a good deal further. */
async function more(loads: readonly Load[]): Promise<void> {
  const goals = loads.map((load) => ({ load, goal: load.succeeded + MORE }));
  const reached = () =>
    goals.every(({ load, goal }) => load.succeeded >= goal || load.failures.length > 0);
  await expect.poll(reached, SETTLED).toBe(true);
}

async function endAll(loads: readonly Load[]): Promise<void> {
  await Promise.all(loads.map((load) => load.end()));
}
