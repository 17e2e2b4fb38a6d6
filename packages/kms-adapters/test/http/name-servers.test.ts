import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { NameServers, type NameServersOptions } from "../../src/http/name-servers.ts";
import { type DnsAnswer, NO_SUCH_NAME, SERVER_FAILURE, startDns } from "./dns-server.ts";

const V4 = { address: "93.184.215.14", family: 4 };
const V6 = { address: "2606:2800:21f:cb07:6820:80da:af6b:8b2c", family: 6 };
const NAME = "kms.example.com";

/** Asks a name server that answers so. */
async function ask(
  answer: (name: string, family: 4 | 6) => DnsAnswer,
  options: NameServersOptions = {},
) {
  const { address, asked } = await startDns(answer);
  const servers = new NameServers({ servers: [address], timeoutMs: 200, ...options });
  return { asked, resolve: servers.resolve };
}

function hostsFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "kms-adapters-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hosts");
  writeFileSync(file, text);
  return file;
}

describe("a name that name servers are asked for", () => {
  it("has the addresses of both families", async () => {
    const { resolve } = await ask((_, family) => [family === 4 ? V4.address : V6.address]);

    expect(await resolve(NAME)).toEqual([V4, V6]);
  });

  it.for([
    ["the other has none", []],
    ["the other is refused", SERVER_FAILURE],
    ["the other is never answered", undefined],
  ] as const)("has those of one family when %s", async ([, other]) => {
    const first = await ask((_, family) => (family === 4 ? [V4.address] : other));
    const second = await ask((_, family) => (family === 6 ? [V6.address] : other));

    expect(await first.resolve(NAME)).toEqual([V4]);
    expect(await second.resolve(NAME)).toEqual([V6]);
  });

  it.for([
    ["nobody has it", NO_SUCH_NAME, "ENOTFOUND"],
    ["it has no address", [], "ENODATA"],
    ["the server fails", SERVER_FAILURE, "ESERVFAIL"],
    ["the server keeps silent", undefined, "ETIMEOUT"],
  ] as const)("is not found when %s", async ([, answer, code]) => {
    const { resolve } = await ask(() => answer);

    await expect(resolve(NAME)).rejects.toMatchObject({ code });
  });

  it("is found while a hundred others wait for servers that keep silent", async () => {
    const { resolve } = await ask((name) => (name === NAME ? [V4.address] : undefined), {
      timeoutMs: 1_000,
    });
    let given = 0;
    const silent = Array.from({ length: 100 }, (_, index) =>
      resolve(`silent-${index}.example`).catch(() => (given += 1)),
    );

    expect(await resolve(NAME)).toContainEqual(V4);

    expect(given).toBe(0);
    await Promise.all(silent);
    expect(given).toBe(100);
  });

  it("is taken from the hosts file when that has it, and nobody is asked", async () => {
    const text = `# comment\n10.1.2.3\tother ${NAME.toUpperCase()} # its name\n::1 ${NAME}\n`;
    const { resolve, asked } = await ask(() => [V4.address], { hostsFile: hostsFile(text) });

    expect(await resolve(NAME)).toEqual([
      { address: "10.1.2.3", family: 4 },
      { address: "::1", family: 6 },
    ]);
    expect(asked).toEqual([]);
  });

  it.for([
    ["is not there", "missing"],
    [
      "has other names",
      "127.0.0.1 localhost\nnot an address kms.example.com\n#1.2.3.4 kms.example.com",
    ],
  ] as const)("is asked for when the hosts file %s", async ([, text]) => {
    const file = text === "missing" ? "no-such-file" : hostsFile(text);
    const { resolve } = await ask((_, family) => (family === 4 ? [V4.address] : []), {
      hostsFile: file,
    });

    expect(await resolve(NAME)).toEqual([V4]);
  });

  it("is looked up by the system where there is no name server", async () => {
    const servers = new NameServers({ servers: ["127.0.0.1:1"], hostsFile: "no-such-file" });

    expect(await servers.resolve("localhost")).toContainEqual(
      expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) }),
    );
  });
});
