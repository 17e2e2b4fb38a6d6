import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Snapshot } from "../../src/tenants/source.ts";

/** A folder that is gone after the test. */
export class TestFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "file-source-"));

  constructor() {
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a member, making its folders, and gives its path. */
  write(name: string, content: string | Uint8Array): string {
    mkdirSync(dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  /** Puts a new file in the place of the old one, as editors and deployments do. */
  replace(name: string, content: string | Uint8Array): void {
    renameSync(this.write(`${randomUUID()}.draft`, content), this.file(name));
  }

  /** A fresh local key; gives the name to refer to. */
  key(name: string): string {
    this.write(name, `${randomBytes(32).toString("base64")}\n`);
    return name;
  }
}

/** A configuration on the local KMS whose key is in `key-<id>`. */
export function local(id: number, changes: object = {}): object {
  return {
    id,
    type: "LOCAL",
    keyPath: { keyName: `key-${id}` },
    credentials: { keys: [{ version: 1, key: { fromFile: `key-${id}` } }] },
    leasingAllowed: false,
    ...changes,
  };
}

export function gcp(id: number, changes: object = {}): object {
  return {
    id,
    type: "GCP",
    keyPath: { projectId: "p", locationId: "l", keyRingId: "r", cryptoKeyId: "k" },
    credentials: { client_email: "me@example.com", private_key: "PEM" },
    ...changes,
  };
}

/** A tenant with one configuration that wraps. */
export function tenant(id: string, configurationId: number): object {
  return { id, configurations: [{ id: configurationId, active: true, primary: true }] };
}

export function document(
  kmsConfigurations: readonly unknown[],
  tenants: readonly unknown[],
  changes: object = {},
): string {
  return JSON.stringify({ version: 1, kmsConfigurations, tenants, ...changes }, undefined, 2);
}

/** Everything about a tenant as plain data, so that two of them can be compared. */
export function shownTenant({ tenants }: Snapshot, id: string): unknown {
  const { assignments = [], ...tenant } = tenants.get(id) ?? {};
  return {
    ...tenant,
    assignments: assignments.map(({ active, primary, configuration }) => ({
      active,
      primary,
      configuration: { ...configuration },
    })),
  };
}

export const signal = (): AbortSignal => AbortSignal.timeout(60_000);
