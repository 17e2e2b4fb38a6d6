import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const SCRIPT = fileURLToPath(new URL("../run.mjs", import.meta.url));

describe("run.mjs", () => {
  it.for([[[]], [["frobnicate"]], [["constructor"]], [["exec"]]])(
    "explains itself in one line for %j",
    ([args = []]) => {
      const { status, stdout, stderr } = run(args);

      expect([status, stdout]).toEqual([64, ""]);
      expect(stderr).toMatch(/^tenant-security: usage: [^\n]+start\|test\|bench\|exec[^\n]+\n$/);
    },
  );

  it("runs tools of the workspace with the workspace's Node", () => {
    const { status, stdout } = run(["exec", "node", "--print", "process.versions.node"]);

    expect([status, stdout]).toEqual([0, `${process.versions.node}\n`]);
  });

  it("hands arguments and exit code on as they are", () => {
    const { status, stdout } = run([
      "exec",
      "sh",
      "-c",
      'printf "%s|" "$@"; exit 7',
      "sh",
      "a b",
      "",
    ]);

    expect([status, stdout]).toEqual([7, "a b||"]);
  });

  it("gives 128 + n for a program that a signal ended", () => {
    expect(run(["exec", "sh", "-c", "kill -TERM $$"]).status).toBe(143);
  });

  it("says in one line that there is no such program", () => {
    const { status, stderr } = run(["exec", "no-such-program-anywhere"]);

    expect([status, stderr]).toEqual([
      127,
      expect.stringMatching(/^tenant-security: [^\n]*no-such-program-anywhere[^\n]*\n$/),
    ]);
  });
});

function run(args: readonly string[]) {
  return spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
}
