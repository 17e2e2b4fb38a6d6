import { Agent } from "node:http";
import { API_KEY, type Balancer, openBalancer, type Proxy } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { body, outcome, post, WRAP } from "./support/requests.ts";
import { temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 180_000 });

const OLD = API_KEY;
const NEW = "bmV3LWFwaS1rZXkh";

/** Beyond what the balancer needs to notice that a proxy is about to go. */
const DRAIN_DELAY_MS = "1000";

/** The steps of docs/deploy/rotate-api-key.md, with real proxies and applications at work. */
describe("a rotation of the API key", () => {
  it("costs no request, and ends with the old key refused", async () => {
    const folder = temporaryFolder();
    const start = (env: Record<string, string>) =>
      temporaryProxy({ folder, env: { TSP_DRAIN_DELAY_MS: DRAIN_DELAY_MS, ...env } });
    const balancer = await temporaryBalancer();
    const replace = async (proxies: readonly Proxy[], env: Record<string, string>) => {
      const replacements: Proxy[] = [];
      for (const old of proxies) replacements.push(await roll(balancer, old, () => start(env)));
      return replacements;
    };

    const first = [await start({ API_KEY: OLD }), await start({ API_KEY: OLD })];
    for (const proxy of first) await balancer.add(proxy);
    expect(await tried(balancer, NEW)).toEqual([401, 101]);
    const applications = startApplications(balancer, 8);

    const both = await replace(first, { API_KEY: NEW, API_KEY_2: OLD });
    await applications.sent(OLD);

    applications.moveHalf(NEW);
    await Promise.all([applications.sent(OLD), applications.sent(NEW)]);
    applications.moveAll(NEW);
    await applications.sent(NEW);

    const last = await replace(both, { API_KEY: NEW });
    await applications.sent(NEW);

    expect(await applications.stop()).toEqual(["200"]);
    for (const { url } of last) expect(await tried({ url }, OLD)).toEqual([401, 101]);
    expect(await tried(balancer, NEW)).toEqual([200, undefined]);
  });
});

async function temporaryBalancer(): Promise<Balancer> {
  const balancer = await openBalancer();
  onTestFinished(() => balancer.close());
  return balancer;
}

/** As a rolling update does it: the new one is ready before the old one is told to stop. */
async function roll(balancer: Balancer, old: Proxy, start: () => Promise<Proxy>): Promise<Proxy> {
  const replacement = await start();
  await balancer.add(replacement);
  expect(await old.program.stop("SIGTERM")).toEqual({ code: 0, signal: null });
  balancer.remove(old);
  return replacement;
}

async function tried({ url }: { readonly url: string }, key: string) {
  return outcome(await post(url, WRAP, body("leased"), withKey(key)));
}

/** Applications that wrap without pause, each with a key of its own and a connection kept alive. */
function startApplications({ url }: Balancer, count: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  onTestFinished(() => agent.destroy());
  const keys = Array.from({ length: count }, () => OLD);
  const outcomes = new Set<string>();
  const answers = new Map<string, number>();
  const over = new AbortController();
  const all = keys.map(async (_, index) => {
    while (!over.signal.aborted) {
      const key = keys[index]!;
      const options = { agent, ...withKey(key) };
      outcomes.add(
        await post(url, WRAP, body("leased"), options).then(({ status }) => `${status}`, String),
      );
      answers.set(key, (answers.get(key) ?? 0) + 1);
    }
  });
  return {
    moveHalf: (key: string) => void keys.fill(key, count / 2),
    moveAll: (key: string) => void keys.fill(key),
    /** Waits until fifty more requests with `key` have an answer. */
    async sent(key: string): Promise<void> {
      const enough = (answers.get(key) ?? 0) + 50;
      expect(
        await eventually(
          () => answers.get(key) ?? 0,
          (many) => many >= enough,
        ),
      ).toBeGreaterThanOrEqual(enough);
    },
    /** Every kind of outcome there was. */
    async stop(): Promise<readonly string[]> {
      over.abort();
      await Promise.all(all);
      return [...outcomes];
    },
  };
}

function withKey(key: string) {
  return { headers: { authorization: `cmk ${key}` } };
}
