import type { SecretFile } from "../file-source/secrets/secret-file.ts";
import { plainText } from "./plain-text.ts";

/** Secrets for people, or one JSON object a line. Wrapped secrets are left out. */
export function shownSecrets(secrets: readonly SecretFile[], json: boolean): string {
  if (json) return secrets.map((secret) => `${JSON.stringify(described(secret))}\n`).join("");
  if (secrets.length === 0) return "";
  const rows = secrets.map((secret) => Object.values(described(secret)).map(plainText));
  return columns([
    ["id", "tenant", "type", "path", "status", "config", "created", "changed"],
    ...rows,
  ]);
}

function described(secret: SecretFile): Record<string, unknown> {
  const { id, tenantId, secretType, secretPath, rotationStatus } = secret;
  const { kmsConfigId, created, updated } = secret;
  return { id, tenantId, secretType, secretPath, rotationStatus, kmsConfigId, created, updated };
}

function columns(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
