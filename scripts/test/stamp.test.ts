import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { isFresh, wantedStamp, writeStamp } from "../lib/stamp.mjs";

const WORKSPACE = {
  "package.json": "{}",
  "pnpm-lock.yaml": "lockfileVersion: 9\n",
  "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - bench\n\ncatalog:\n  a: 1.0.0\n",
  "packages/proxy/package.json": '{"name":"proxy"}',
  "packages/metrics/package.json": '{"name":"metrics"}',
  "packages/metrics/src/index.ts": "",
  "bench/package.json": '{"name":"bench"}',
};

describe("the stamp of an install", () => {
  it.for(Object.keys(WORKSPACE).filter((file) => !file.endsWith(".ts")))(
    "is another one when %s changes",
    (file) => {
      const root = aWorkspace();
      const before = wantedStamp(root);

      writeFileSync(join(root, file), "packages:\n  - packages/*\n  - bench\n# changed\n");

      expect(wantedStamp(root)).not.toBe(before);
    },
  );

  it("is another one when a package joins", () => {
    const root = aWorkspace();
    const before = wantedStamp(root);

    mkdirSync(join(root, "packages/event-queue"));
    writeFileSync(join(root, "packages/event-queue/package.json"), "{}");

    expect(wantedStamp(root)).not.toBe(before);
  });

  it("stays when only code changes", () => {
    const root = aWorkspace();
    const before = wantedStamp(root);

    writeFileSync(join(root, "packages/metrics/src/index.ts"), "export {};");

    expect(wantedStamp(root)).toBe(before);
  });

  it("is fresh once it was written, until node_modules is removed", () => {
    const root = aWorkspace();
    const stamp = wantedStamp(root);
    expect(isFresh(root, stamp)).toBe(false);

    mkdirSync(join(root, "node_modules"));
    writeStamp(root, stamp);
    expect(isFresh(root, stamp)).toBe(true);
    expect(isFresh(root, "another")).toBe(false);

    rmSync(join(root, "node_modules"), { recursive: true });
    expect(isFresh(root, stamp)).toBe(false);
  });
});

function aWorkspace(): string {
  const root = mkdtempSync(join(tmpdir(), "tenant-security-stamp-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [file, content] of Object.entries(WORKSPACE)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return root;
}
