import { DataFolder, primary } from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { body, post, WRAP } from "../support/requests.ts";
import { startCanary } from "./support/canary.ts";
import { NAMES } from "./support/hostile-addresses.ts";
import { hostileEntries } from "./support/hostile-entries.ts";
import { aws, azure, type Entry, gcp, thales, vault } from "./support/vendor-entries.ts";
import { startWatchedProxy, type WatchedProxy } from "./support/watched-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const canary = await startCanary();
const HOSTILE = hostileEntries(canary.port);

const PUBLIC = "93.184.215.14";
const CONTROLS: readonly (readonly [Entry, string])[] = [
  [aws(), "kms.us-east-1.amazonaws.com"],
  [gcp(), "oauth2.googleapis.com"],
  [azure(), "login.microsoftonline.com"],
  [thales(), "cm.example.com"],
  [vault(), "vault.example.com"],
];

describe("a configuration of a hostile tenant", () => {
  const folder = new DataFolder();
  let watched: WatchedProxy;

  beforeAll(async () => {
    const entries = [...CONTROLS.map(([entry]) => entry), ...HOSTILE.map(([, entry]) => entry)];
    // Written by hand: half of it is no configuration that types know.
    const document = {
      version: 1,
      kmsConfigurations: entries.map((entry, index) => ({ id: index + 1, ...entry })),
      tenants: entries.map((_, index) => ({
        id: `tenant-${index}`,
        configurations: [primary(index + 1)],
      })),
    };
    folder.write("tenants.json", JSON.stringify(document));
    const controls = CONTROLS.map(([, name]) => [name, [[PUBLIC]]]);
    const names = { ...NAMES, ...Object.fromEntries(controls) };
    watched = await startWatchedProxy({ folder, names });
  });
  afterAll(async () => {
    await watched?.proxy.program.stop("SIGKILL");
    await canary.close();
    folder.remove();
  });

  const wrap = async (index: number) => {
    watched.look();
    const { json, text } = await post(watched.proxy.url, WRAP, body(`tenant-${index}`));
    return { code: (json as { code?: number }).code, text, sight: watched.look() };
  };

  it.for(CONTROLS.map(([{ type }, name], index) => [type, name, index] as const))(
    "leads to the vendor's own address when nothing is wrong about it: %s to %s",
    async ([, name, index]) => {
      const { code, sight } = await wrap(index);

      expect(code).toBe(208);
      expect(new Set(sight.lookups)).toEqual(new Set([name]));
      expect(new Set(sight.connections)).toEqual(new Set([`${PUBLIC}:443`]));
    },
  );

  it.for(HOSTILE.map(([what], index) => [what, index + CONTROLS.length] as const))(
    "opens no connection: %s",
    async ([, index]) => {
      const { code, text, sight } = await wrap(index);

      expect([code, sight.connections]).toEqual([207, []]);
      expect(text.length).toBeLessThan(2_000);
      for (const name of sight.lookups) expect(NAMES).toHaveProperty([name]);
    },
  );

  it("is one of more than sixty, and nobody on this machine was disturbed", () => {
    expect(HOSTILE.length).toBeGreaterThan(60);
    expect(canary.visits()).toBe(0);
  });
});
