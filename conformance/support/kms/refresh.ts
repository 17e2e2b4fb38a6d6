import { setTimeout as sleep } from "node:timers/promises";
import { get } from "@tenant-security/testkit";
import { expect } from "vitest";

/** Often enough for a test, seldom enough that much can happen in between. */
export const REFRESH_MS = 1_000;

const METRIC = /^tsp_kms_last_config_refresh_timestamp_seconds (\S+)$/m;

/** When the proxy last read its configuration, in seconds. */
export async function lastRefresh(origin: string): Promise<number> {
  return Number(METRIC.exec((await get(`${origin}/metrics`)).text)?.[1]);
}

/** Waits until a refresh has been made, and each KMS was asked what follows it. */
export async function nextRefresh(origin: string): Promise<void> {
  const before = await lastRefresh(origin);
  const ask = () => lastRefresh(origin);
  await expect.poll(ask, { timeout: 20_000, interval: 10 }).not.toBe(before);
  await sleep(REFRESH_MS / 5);
}
