import { type DataFolder, proxyEnvironment, runProgram } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { body, DERIVE } from "../support/requests.ts";
import { temporaryFolder, temporaryProxy } from "../support/world.ts";
import { type Client, clients } from "./support/clients.ts";

vi.setConfig({ testTimeout: 60_000 });

const PATH = { tenant: "leased", type: "deterministic", path: "users" };

interface Key {
  readonly tenantSecretId: number;
  readonly current: boolean;
}

describe("a tenant secret that is rotated", () => {
  it("encrypts at no worker before all of them can decrypt with it", async () => {
    const folder = temporaryFolder();
    const { url } = await temporaryProxy({ folder, env: { TSP_WORKERS: "2" } });
    const [one, other] = clients(url, 2) as [Client, Client];
    await keysAt(one);
    await keysAt(other);

    const rotation = new AbortController();
    const rotated = rotate(folder).finally(() => rotation.abort());
    const missing: number[] = [];
    while (!rotation.signal.aborted) {
      for (const [writer, reader] of [
        [one, other],
        [other, one],
      ] as const) {
        const { tenantSecretId } = current(await keysAt(writer));
        const known = (await keysAt(reader)).map((key) => key.tenantSecretId);
        if (!known.includes(tenantSecretId)) missing.push(tenantSecretId);
      }
    }

    expect(await rotated).toMatchObject({ code: 0 });
    expect(missing).toEqual([]);
    for (const client of [one, other]) {
      expect(current(await keysAt(client))).toMatchObject({ tenantSecretId: 2 });
    }
  });
});

function rotate(folder: DataFolder): ReturnType<typeof runProgram> {
  const { tenant, type, path } = PATH;
  const args = ["--tenant", tenant, "--type", type, "--path", path];
  return runProgram(["secrets", "rotate", ...args], { env: proxyEnvironment(folder) });
}

async function keysAt(client: Client): Promise<readonly Key[]> {
  const asked = {
    paths: { [PATH.path]: ["email"] },
    derivationType: "sha512",
    secretType: PATH.type,
  };
  const { json } = await client.post(DERIVE, body(PATH.tenant, asked));
  const { derivedKeys } = json as { derivedKeys: Record<string, Record<string, readonly Key[]>> };
  return derivedKeys[PATH.path]?.["email"] ?? [];
}

/** What a client encrypts with: the first key, which says so itself. */
function current([first]: readonly Key[]): Key {
  if (first?.current !== true) throw new TypeError("the first key is not the current one");
  return first;
}
