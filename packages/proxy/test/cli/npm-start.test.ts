import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { API_KEY, get, localConfiguration, primary } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { freshDemoFolder, type NpmProgram, startByNpm, startByScript } from "./npm-program.ts";
import { aFolder } from "./world.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const shell = promisify(execFile);

describe("npm start", () => {
  it("prints where it is, its API key, and lines that wrap and unwrap when pasted", async () => {
    const folder = freshDemoFolder();
    const program = await startByScript({ TSP_DEMO_DIR: folder }).ready();

    const [wrap = "", unwrap = ""] = program.pasteable;
    expect(program.row("API key")).toMatch(/^[A-Za-z0-9+/]{16}$/);
    expect(program.row("Tenants")).toBe(join(folder, "tenants.yaml"));
    expect((await get(program.row("Health"))).status).toBe(200);
    expect((await get(`${program.row("HTTP")}/metrics`)).status).toBe(200);
    expect(await paste(wrap)).toEqual({ dek: base64(44), edek: expect.any(String) });
    expect(await paste(unwrap)).toEqual({ dek: base64(44) });
  });

  it("keeps its data at the second start", async () => {
    const env = { TSP_DEMO_DIR: freshDemoFolder() };
    const first = await startByScript(env).ready();
    const [, unwrap = ""] = first.pasteable;
    first.child.kill("SIGTERM");
    await first.exited;

    const second = await startByScript(env).ready();

    expect(second.row("API key")).toBe(first.row("API key"));
    expect(second.stderr).not.toContain("installing");
    const elsewhere = unwrap.replace(first.row("HTTP"), second.row("HTTP"));
    expect(await paste(elsewhere)).toEqual({ dek: base64(44) });
  });

  it("has a leased, an unleased and a disabled tenant", async () => {
    const program = await startByScript({ TSP_DEMO_DIR: freshDemoFolder() }).ready();
    const [wrap = ""] = program.pasteable;

    const answers = await Promise.all(
      ["acme", "globex", "initech"].map((tenant) => paste(wrap.replace("acme", tenant))),
    );

    expect(answers.map((answer) => answer["code"])).toEqual([undefined, undefined, 201]);
  });

  it("takes settings of the environment before those of the demo", async () => {
    const program = await startByScript({ TSP_DEMO_DIR: freshDemoFolder(), API_KEY }).ready();

    expect(program.row("API key")).toBe(API_KEY);
    const [wrap = ""] = program.pasteable;
    expect(await paste(wrap)).toHaveProperty("edek");
  });

  it("uses tenants and key of its user, makes no demo data, and shows no key", async () => {
    const { configFile } = aFolder((it) => ({
      version: 1,
      kmsConfigurations: [localConfiguration(1, { keyFiles: [it.key("own.key")] })],
      tenants: [{ id: "own", configurations: [primary(1)] }],
    }));
    const env = { TSP_DEMO_DIR: freshDemoFolder(), API_KEY, TSP_CONFIG_FILE: configFile };
    const program = await startByScript(env).ready();

    const [wrap = ""] = program.pasteable;
    expect(program.stdout).not.toContain(API_KEY);
    expect(program.row("Tenants")).toBe(configFile);
    expect(() => readFileSync(env.TSP_DEMO_DIR)).toThrow("ENOENT");
    expect(await paste(wrap, { API_KEY })).toHaveProperty("edek");
  });
});

describe("a stop of npm start", () => {
  it.for([
    ["SIGTERM to npm", startByNpm, (program: NpmProgram) => program.child.kill("SIGTERM")],
    ["Ctrl-C", startByNpm, (program: NpmProgram) => program.signalGroup("SIGINT")],
    ["SIGTERM to the script", startByScript, (program: NpmProgram) => program.child.kill()],
  ] as const)("by %s ends everything with exit code 0", async ([, start, stop]) => {
    const program = await start({ TSP_DEMO_DIR: freshDemoFolder() }).ready();

    stop(program);

    expect(await program.exited).toBe(0);
    expect(program.stdout).toContain('"message":"stopped"');
    expect(await isGone(program)).toBe(true);
  });

  it("by a second Ctrl-C ends it at once with exit code 130", async () => {
    const env = { TSP_DEMO_DIR: freshDemoFolder(), TSP_DRAIN_DELAY_MS: "15000" };
    const program = await startByScript(env).ready();

    program.signalGroup("SIGINT");
    await sleep(1_000);
    program.signalGroup("SIGINT");

    expect(await program.exited).toBe(130);
    expect(await isGone(program)).toBe(true);
  });

  it("happens when its parent is killed", async () => {
    const program = await startByScript({ TSP_DEMO_DIR: freshDemoFolder() }).ready();

    program.child.kill("SIGKILL");

    expect(await isGone(program)).toBe(true);
  });
});

describe("npm start that cannot go on", () => {
  it.for([
    ["by npm", startByNpm],
    ["by the script", startByScript],
  ] as const)("says in one line which port is in use, %s", async ([, start]) => {
    const port = await takenPort();
    const env = { TSP_DEMO_DIR: freshDemoFolder(), TSP_HTTP_BIND_ADDRESS: `127.0.0.1:${port}` };

    expect(await mistakeOf(start(env))).toMatch(
      new RegExp(`TSP_HTTP_BIND_ADDRESS: 127\\.0\\.0\\.1:${port}.* in use`),
    );
  });

  it("says in one line that the folder cannot be written", async () => {
    const folder = freshDemoFolder();
    writeFileSync(folder, "a file in its place");

    expect(await mistakeOf(startByScript({ TSP_DEMO_DIR: folder }))).toContain("ENOTDIR");
  });

  it("says in one line that the configuration file is broken, and where", async () => {
    const folder = freshDemoFolder();
    const env = { TSP_DEMO_DIR: folder };
    const program = await startByScript(env).ready();
    program.child.kill();
    await program.exited;
    writeFileSync(join(folder, "tenants.yaml"), "version: 1\nkmsConfigurations: [\n");

    expect(await mistakeOf(startByScript(env))).toMatch(/tenants\.yaml:\d+:\d+/);
  });
});

/** Runs a line as a shell does. The folder is one without files of ours. */
async function paste(
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const { stdout } = await shell("sh", ["-c", line], {
    cwd: dirname(freshDemoFolder()),
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function mistakeOf(program: NpmProgram): Promise<string> {
  expect(await program.exited).toBe(78);
  const told = program.stderr.split("\n").filter((each) => each.startsWith("tenant-security"));
  expect(told).toHaveLength(1);
  expect(program.stdout + program.stderr).not.toMatch(/^ +at /m);
  return told.join("");
}

/** Whether nothing listens any more on the port that it said, after some patience. */
async function isGone(program: NpmProgram): Promise<boolean> {
  const url = program.row("Health");
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const listens = await get(url).then(Boolean, () => false);
    if (!listens) return true;
    await sleep(100);
  }
  return false;
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

function base64(length: number): unknown {
  return expect.stringMatching(new RegExp(`^[A-Za-z0-9+/=]{${length}}$`));
}
