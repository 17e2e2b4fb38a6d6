import type { SecretKey, SecretType } from "../tenants/source.ts";
import type { Arguments, OptionSpecs } from "./arguments.ts";
import { UsageError } from "./cli-error.ts";

const SECRET_TYPES: readonly SecretType[] = ["search", "deterministic", "vector"];

/** The three that name one path's secrets. */
export const SECRET_OPTIONS: OptionSpecs = {
  tenant: { value: "ID", help: "the tenant" },
  type: { value: "TYPE", help: SECRET_TYPES.join(", ") },
  path: { value: "PATH", help: "the secret path, as applications send it" },
};

export const SECRET_SYNOPSIS = "--tenant ID --type TYPE --path PATH [--config FILE] [--json]";

/** @throws UsageError when one is missing or unknown */
export function secretKeyOf(args: Arguments): SecretKey {
  const tenantId = args.required("tenant");
  const secretType = secretTypeOf(args);
  if (secretType === undefined) throw new UsageError("--type is missing");
  return { tenantId, secretType, secretPath: args.required("path") };
}

/** @throws UsageError when there is no such type */
export function secretTypeOf(args: Arguments): SecretType | undefined {
  return args.choice("type", SECRET_TYPES);
}
