import { ImageSnapshot } from "../../../src/tenants/image/image-snapshot.ts";
import { type ImageParts, writeImage } from "../../../src/tenants/image/write-image.ts";
import type {
  AssignmentRecord,
  TenantRecord,
  UnusableRecord,
  UsableRecord,
} from "../../../src/tenants/records.ts";

export function usable(id: number, changes: Partial<UsableRecord> = {}): UsableRecord {
  return {
    id,
    type: "LOCAL",
    keyPath: { keyName: `key-${id}` },
    credentials: { keys: [{ version: 1, key: { fromEnv: `KEY_${id}` } }] },
    leasingAllowed: false,
    fingerprint: `fingerprint-${id}`,
    ...changes,
  };
}

export function unusable(id: number): UnusableRecord {
  return { id, reason: `reason-${id}` };
}

export function record(
  id: string,
  configurations: readonly AssignmentRecord[],
  keyLeasingRequired = false,
): TenantRecord {
  return { id, configurations, keyLeasingRequired };
}

export const wraps = (id: number): AssignmentRecord => ({ id, active: true, primary: true });
export const opens = (id: number): AssignmentRecord => ({ id, active: true, primary: false });

/** Credentials are opened by giving them back. */
export function snapshotOf(parts: Partial<ImageParts>): ImageSnapshot {
  return snapshotFrom(writeImage({ configurations: [], tenants: [], ...parts }));
}

export function snapshotFrom(image: Uint8Array): ImageSnapshot {
  return new ImageSnapshot({
    image,
    problems: [],
    open: async (credentials, { id, type }) => ({ ...credentials, id, type }),
  });
}
