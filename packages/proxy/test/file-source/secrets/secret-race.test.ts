import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TestFolder } from "../helpers.ts";
import { open, subject } from "./helpers.ts";

const PROGRAM = fileURLToPath(new URL("../programs/create-secrets.ts", import.meta.url));
const LONG = 120_000;

describe("several processes that ask for the same new paths at once", () => {
  it("end up with one secret for each path, under ids that differ", { timeout: LONG }, async () => {
    const { folder } = subject();
    const paths = 40;
    const children = await Promise.all(
      ["a", "b", "c", "d"].map((mark) => start(folder, paths, mark)),
    );

    const answers = await Promise.all(children.map((child) => child.go()));

    expect(new Set(answers).size).toBe(1);
    const ids: [number, string][] = JSON.parse(answers[0] ?? "");
    expect(new Set(ids.map(([id]) => id)).size).toBe(paths);
    const { secrets, problems } = await open(folder).list();
    expect(problems).toEqual([]);
    expect(secrets).toHaveLength(paths);
    expect(new Set(secrets.map(({ id }) => id))).toEqual(new Set(ids.map(([id]) => id)));
    expect(secrets.every(({ rotationStatus }) => rotationStatus === "current")).toBe(true);
  });

  it("leave nothing half done when they are killed", { timeout: LONG }, async () => {
    const { folder } = subject();
    for (const delay of [5, 20, 60, 150]) {
      const child = await start(folder, 500, `${delay}`);
      const gone = once(child.process, "exit");
      child.process.stdin?.write("go\n");
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.process.kill("SIGKILL");
      await gone;
    }

    const { secrets, problems } = await open(folder).list();
    expect(problems).toEqual([]);
    expect(new Set(secrets.map(({ id }) => id)).size).toBe(secrets.length);
    const survivor = await start(folder, 20, "last");
    expect(JSON.parse((await survivor.go()) ?? "")).toHaveLength(20);
  });
});

interface Racer {
  readonly process: ChildProcess;
  /** Lets it begin; gives the line that it prints at the end. */
  readonly go: () => Promise<string | undefined>;
}

async function start(folder: TestFolder, paths: number, mark: string): Promise<Racer> {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@tenant-security/source",
      PROGRAM,
      folder.file("tenant-secrets"),
      `${paths}`,
      mark,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => (await lines.next()).value;
  expect(await next()).toBe("ready");
  return {
    process: child,
    go: () => {
      child.stdin.write("go\n");
      return next();
    },
  };
}
