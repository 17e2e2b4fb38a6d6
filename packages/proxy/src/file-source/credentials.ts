import { resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import { ProxyError } from "../errors.ts";
import type { CredentialsOpener } from "../tenants/image/image-snapshot.ts";
import { FileError, MAX_SECRET_BYTES, readLimited } from "./files.ts";
import { isRecord } from "./document/members.ts";
import type { SecretReference } from "./document/model.ts";
import { isReference } from "./document/references.ts";

/** Where references lead. */
export interface ReferenceBase {
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly env: Environment;
}

/** A secret that is not where the document says. The message names the member and the place. */
export class SecretReferenceError extends Error {
  static {
    this.prototype.name = "SecretReferenceError";
  }

  readonly member: string;
  /** Names the file or the variable, which callers of the proxy must not learn. */
  readonly reason: string;

  constructor(member: string, reason: string, options?: ErrorOptions) {
    super(`${member}: ${reason}`, options);
    this.member = member;
    this.reason = reason;
  }
}

/** Opens the credentials of configurations, resolving their references at every call. */
export function credentialsOpener(base: ReferenceBase): CredentialsOpener {
  return async (credentials, { id, type }) => {
    try {
      const opened = await openCredentials(credentials, base);
      return isRecord(opened) ? opened : {};
    } catch (cause) {
      if (!(cause instanceof SecretReferenceError)) throw cause;
      const { member, reason: detail } = cause;
      const message = `KMS configuration ${id} (${type}) cannot be used: ${member} cannot be read`;
      throw new ProxyError("KMS_CONFIGURATION_INVALID", message, { cause, detail });
    }
  };
}

/**
 * Resolves every reference of a credentials object, one after the other, so that a long list of
 * keys does not need as many descriptors. `member` names the object for messages.
 * @throws SecretReferenceError for the first one that cannot be resolved; never with a content
 */
export async function openCredentials(
  value: unknown,
  base: ReferenceBase,
  member = "credentials",
): Promise<unknown> {
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const [index, item] of value.entries()) {
      items.push(await openCredentials(item, base, `${member}[${index}]`));
    }
    return items;
  }
  if (!isRecord(value)) return value;
  if (isReference(value)) return await openReference(value, base, member);
  const opened: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    opened.push([name, await openCredentials(inner, base, `${member}.${name}`)]);
  }
  return Object.fromEntries(opened);
}

async function openReference(
  reference: SecretReference,
  { folder, env }: ReferenceBase,
  member: string,
): Promise<string> {
  if ("fromEnv" in reference) {
    const name = reference.fromEnv;
    const text = Object.hasOwn(env, name) ? env[name] : undefined;
    if (text) return text;
    throw new SecretReferenceError(member, `the environment variable ${shown(name)} is not set`);
  }
  const path = resolve(folder, reference.fromFile);
  try {
    return textOf(await readLimited(path, MAX_SECRET_BYTES));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = `the file ${shown(reference.fromFile)} cannot be used: ${error.message}`;
    throw new SecretReferenceError(member, reason, { cause: error });
  }
}

/** The text of a secret's file, without the line break that editors put at its end. */
function textOf(bytes: Buffer): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const trimmed = text.replace(/[\r\n]+$/, "");
    if (trimmed === "") throw new FileError("it is empty");
    return trimmed;
  } catch (error) {
    throw error instanceof FileError ? error : new FileError("it is not text in UTF-8");
  } finally {
    bytes.fill(0);
  }
}

function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
