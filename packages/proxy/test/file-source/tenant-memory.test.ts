import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { document, local, TestFolder } from "./helpers.ts";

const PROGRAM = fileURLToPath(new URL("programs/tenant-memory.ts", import.meta.url));

/** What the documentation promises for a tenant with three configurations. */
const PROMISED_BYTES = 1_024;

describe("the memory of a tenant", () => {
  it("is below a kibibyte with three configurations of its own", { timeout: 60_000 }, () => {
    const folder = new TestFolder();
    const few = folder.write("few.json", tenantsOfThree(200));
    const many = folder.write("many.json", tenantsOfThree(10_000));

    const { tenants, bytes } = measure(many, few);

    expect(tenants).toBe(10_000);
    expect(bytes / tenants).toBeLessThan(PROMISED_BYTES);
    // It would be nothing if the file had not been kept.
    expect(bytes / tenants).toBeGreaterThan(100);
  });
});

function measure(
  file: string,
  warmUp: string,
): { readonly tenants: number; readonly bytes: number } {
  const conditions = "--conditions=@tenant-security/source";
  const args = ["--expose-gc", conditions, PROGRAM, file, warmUp];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function tenantsOfThree(count: number): string {
  const keys = [{ version: 1, key: { fromFile: "kms.key" } }];
  const ids = Array.from({ length: count * 3 }, (_, index) => index + 1);
  const tenants = Array.from({ length: count }, (_, index) => ({
    id: `tenant-${index}`,
    configurations: [1, 2, 3].map((each) => ({ id: index * 3 + each, primary: each === 1 })),
  }));
  return document(
    ids.map((id) => local(id, { credentials: { keys } })),
    tenants,
  );
}
