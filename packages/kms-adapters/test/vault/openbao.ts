import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, vi } from "vitest";
import { type RealVault, ROOT, vaultApi } from "./container.ts";

const run = promisify(execFile);

/** Why OpenBao cannot be started; undefined when it can. */
export const openBaoMissing: string | undefined = await run("bao", ["version"]).then(
  () => undefined,
  () => "no program bao in the path",
);

/** A server of OpenBao in development mode, in memory, for the tests of one suite. */
export function useOpenBao(): RealVault {
  let port = 0;
  let home = "";
  const origin = (): string => `http://127.0.0.1:${port}`;
  const api = vaultApi(origin);

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "openbao-"));
    port = await freePort();
    const options = ["-dev", `-dev-root-token-id=${ROOT}`, `-dev-listen-address=127.0.0.1:${port}`];
    const env = { PATH: process.env["PATH"], HOME: home };
    const server = spawn("bao", ["server", ...options], { env, stdio: "ignore" });
    const ended = new Promise((resolve) => server.once("close", resolve));
    const stop = async (): Promise<void> => {
      server.kill();
      await ended;
      rmSync(home, { recursive: true });
    };
    try {
      await vi.waitUntil(isReady, { timeout: 30_000 });
      await api("POST", "sys/mounts/transit", { type: "transit" });
    } catch (error) {
      await stop();
      throw error;
    }
    return stop;
  }, 60_000);

  const isReady = (): Promise<boolean> =>
    fetch(`${origin()}/v1/sys/health`).then(
      ({ ok }) => ok,
      () => false,
    );

  async function command(program: string, ...words: readonly string[]): Promise<string> {
    const env = { PATH: process.env["PATH"], HOME: home, BAO_ADDR: origin(), BAO_TOKEN: ROOT };
    return (await run(program, words, { env })).stdout;
  }

  return { program: "bao", command, host: () => "127.0.0.1", port: () => port, origin, api };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
