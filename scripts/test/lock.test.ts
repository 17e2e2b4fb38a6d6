import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { withLock } from "../lib/lock.mjs";

describe("the lock of an install", () => {
  it("lets one in after the other", async () => {
    const file = lockFile();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} in`);
      await sleep(50);
      seen.push(`${name} out`);
    };

    await Promise.all([withLock(file, work("first")), withLock(file, work("second"))]);

    expect(seen).toEqual(["first in", "first out", "second in", "second out"]);
    expect(existsSync(file)).toBe(false);
  });

  it("is let go when the work fails", async () => {
    const file = lockFile();
    const failing = withLock(file, () => {
      throw new Error("no network");
    });

    await expect(failing).rejects.toThrow("no network");
    expect(existsSync(file)).toBe(false);
  });

  it("is taken from an owner that is gone", async () => {
    const file = lockFile();
    // No system gives out such a process id.
    writeFileSync(file, "2147483646");

    expect(await withLock(file, () => "done")).toBe("done");
  });
});

function lockFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenant-security-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "lock");
}
