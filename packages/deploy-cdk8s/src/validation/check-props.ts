import { type Mistake, PropsError } from "../errors.ts";
import type { TenantSecurityProxyProps } from "../props/props.ts";
import { RULES } from "./rules.ts";
import { schemaMistakes } from "./schema-mistakes.ts";
import { asProps } from "./schema.ts";

/**
 * A copy of what it was given, once that is known to be right.
 * @throws PropsError with every mistake
 */
export function checkProps(value: unknown): TenantSecurityProxyProps {
  const mistakes = propsMistakes(value);
  if (mistakes.length > 0) throw new PropsError(mistakes);
  // As text, so that a member that is undefined is one that was left out, and has its default.
  return asProps(JSON.parse(JSON.stringify(value)));
}

function propsMistakes(value: unknown): readonly Mistake[] {
  const mistakes = schemaMistakes(value);
  if (typeof value !== "object" || value === null) return mistakes;

  // Rules see only members that have their form, and need no checks of their own.
  const broken = new Set(mistakes.map(({ path }) => path.split(/[.[]/, 1)[0]));
  const sound = Object.entries(value).filter(([name]) => !broken.has(name));
  const props: Partial<TenantSecurityProxyProps> = Object.fromEntries(sound);
  return [...mistakes, ...RULES.flatMap((rule) => [...rule(props)])];
}
