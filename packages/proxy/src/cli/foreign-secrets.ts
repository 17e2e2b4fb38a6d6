import { isRecord } from "../file-source/document/members.ts";
import {
  decodeSecretFile,
  folderName,
  type SecretFile,
  STATUSES,
} from "../file-source/secrets/secret-file.ts";
import { kmsConfigIdOf } from "../file-source/secrets/secret-store.ts";
import type { Snapshot } from "../tenants/source.ts";
import { plainText } from "./plain-text.ts";

/** What a file of secrets from another store holds, and every mistake in it. */
export interface ForeignSecrets {
  /** All secrets of each path, the oldest first: archived, in rotation, current. */
  readonly paths: readonly (readonly SecretFile[])[];
  readonly mistakes: readonly string[];
}

type Problem = string | undefined;

/** What secrets are measured by. */
export interface Here {
  readonly snapshot: Snapshot;
  /** All that are stored here already. */
  readonly secrets: readonly SecretFile[];
}

/** Reads a JSON array of secrets of another store. */
export function readForeignSecrets(text: string, { snapshot, secrets }: Here): ForeignSecrets {
  const list = parsed(text);
  if (list === undefined) return { paths: [], mistakes: ["The file is not a JSON array."] };
  const paths = new Map<string, SecretFile[]>();
  const here = new Map(secrets.map((secret) => [secret.id, folderName(secret)]));
  const seen: Seen = { snapshot, here, ids: new Set(), paths };
  const mistakes: string[] = [];
  for (const [index, item] of list.entries()) {
    const secret = decoded(item);
    const problem = typeof secret === "string" ? secret : mistakeOf(secret, seen);
    if (problem !== undefined) mistakes.push(`Secret ${index + 1}: ${problem}.`);
    else if (typeof secret === "object") add(paths, secret);
  }
  const ordered = [...paths.values()].map((secrets) => secrets.toSorted(byAge));
  return { paths: ordered, mistakes };
}

function parsed(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    // The parser's message would show the content.
    return undefined;
  }
}

/** A secret, or what is wrong with it. */
function decoded(item: unknown): SecretFile | string {
  if (!isRecord(item)) return "it is not an object";
  const status = STATUSES.find((known) => known === item["rotationStatus"]);
  if (status === undefined) return `rotationStatus is none of ${STATUSES.join(", ")}`;
  const now = new Date().toISOString();
  const edek = Buffer.from(String(item["encryptedSecret"]), "base64");
  const kmsConfigId = kmsConfigIdOf(edek);
  if (kmsConfigId === null) return "encryptedSecret is not the base64 of an EDEK";
  const record = { created: now, updated: now, ...item, kmsConfigId };
  try {
    const key = item as unknown as SecretFile;
    return decodeSecretFile(Buffer.from(JSON.stringify(record)), folderName(key), status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Seen {
  readonly snapshot: Snapshot;
  /** The path of each id that is taken here. */
  readonly here: ReadonlyMap<number, string>;
  readonly ids: Set<number>;
  readonly paths: ReadonlyMap<string, readonly SecretFile[]>;
}

function mistakeOf(secret: SecretFile, { snapshot, here, ids, paths }: Seen): Problem {
  const { id, tenantId, kmsConfigId } = secret;
  if (ids.has(id)) return `the id ${id} is there twice`;
  ids.add(id);
  const taken = here.get(id);
  if (taken !== undefined && taken !== folderName(secret)) {
    return `the id ${id} belongs to a secret of another path here`;
  }
  const named = plainText(tenantId);
  const tenant = snapshot.tenants.get(tenantId);
  if (tenant === undefined) return `the tenant ${named} is not in the configuration file`;
  if (!tenant.assignments.some(({ configuration }) => configuration.id === kmsConfigId)) {
    return `KMS configuration ${kmsConfigId} is not assigned to tenant ${named}`;
  }
  const others = paths.get(folderName(secret)) ?? [];
  const second = secret.rotationStatus === "current" && others.some(isCurrent);
  return second ? "its path has another current secret" : undefined;
}

function isCurrent({ rotationStatus }: SecretFile): boolean {
  return rotationStatus === "current";
}

function add(paths: Map<string, SecretFile[]>, secret: SecretFile): void {
  const name = folderName(secret);
  paths.set(name, [...(paths.get(name) ?? []), secret]);
}

function byAge(a: SecretFile, b: SecretFile): number {
  return rank(b) - rank(a) || a.id - b.id;
}

function rank({ rotationStatus }: SecretFile): number {
  return STATUSES.indexOf(rotationStatus);
}
