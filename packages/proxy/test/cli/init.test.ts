import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { FakeTerminal } from "./fake-terminal.ts";

describe("init", () => {
  it("makes the folder and says what is in it", async () => {
    const folder = join(temporaryFolder(), "data");

    const { code, out } = await init(folder);

    expect(code).toBe(0);
    expect(out).toContain(`${folder}: made`);
    expect(statSync(join(folder, "tenants.yaml")).isFile()).toBe(true);
    expect(readFileSync(join(folder, "env"), "utf8")).toMatch(/^API_KEY=\S{16}$/m);
  });

  it("does not print the API key", async () => {
    const folder = join(temporaryFolder(), "data");
    const { out, err } = await init(folder);

    const [, key = ""] = /^API_KEY=(\S+)$/m.exec(readFileSync(join(folder, "env"), "utf8")) ?? [];

    expect(key).toHaveLength(16);
    expect(out + err).not.toContain(key);
  });

  it("leaves a complete folder as it is and exits with 0", async () => {
    const folder = join(temporaryFolder(), "data");
    await init(folder);
    const before = readFileSync(join(folder, "env"), "utf8");

    const { code, out } = await init(folder);

    expect([code, out]).toEqual([0, expect.stringContaining("already there")]);
    expect(readFileSync(join(folder, "env"), "utf8")).toBe(before);
  });

  it("exits with 78 and one line when something of it is missing", async () => {
    const folder = join(temporaryFolder(), "data");
    await init(folder);
    rmSync(join(folder, "env"));

    const { code, err } = await init(folder);

    expect([code, err]).toEqual([78, expect.stringMatching(/^[^\n]+env[^\n]+\n$/)]);
  });

  it("exits with 78 and one line when the folder cannot be made", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");

    const { code, err } = await init(join(file, "data"));

    expect([code, err]).toEqual([78, expect.stringMatching(/^[^\n]+ENOTDIR[^\n]+\n$/)]);
  });

  // In a process of its own: it once never came back.
  it.runIf(existsSync("/proc/self"))("exits with 78 where no folder can be made", async () => {
    const { code, stderr } = await runProgram(["init", "/proc/tenant-security"]);

    expect([code, stderr]).toEqual([78, expect.stringMatching(/^[^\n]+ENOENT[^\n]+\n$/)]);
  });

  it("wants a folder", async () => {
    expect((await run(["init"])).code).toBe(64);
  });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenant-security-init-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function init(folder: string) {
  return run(["init", folder]);
}

async function run(args: readonly string[]) {
  const terminal = new FakeTerminal();
  const code = await runCli(COMMANDS, args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}
