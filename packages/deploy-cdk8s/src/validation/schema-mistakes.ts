import { Settings } from "typebox/system";
import { Value } from "typebox/value";
import type { Mistake } from "../errors.ts";
import { OWNED_VARIABLES } from "../props/owned.ts";
import { SECRET_VARIABLES } from "../props/variables.ts";
import { propsSchema } from "./schema.ts";

/** More mistakes than anyone reads, and an end for hostile input. */
const MAX_MISTAKES = 1_000;

type SchemaError = ReturnType<typeof Value.Errors>[number];

/** What the schema says about a value, one mistake for each place. */
export function schemaMistakes(value: unknown): Mistake[] {
  const mistakes = errorsOf(value).flatMap((error) => mistakesOf(error, value));
  return [...new Map(mistakes.map((mistake) => [mistake.path, mistake])).values()];
}

function errorsOf(value: unknown): readonly SchemaError[] {
  const { maxErrors } = Settings.Get();
  // Typebox stops after eight by default; whoever shares it in this process keeps what they set.
  Settings.Set({ maxErrors: MAX_MISTAKES });
  try {
    return Value.Errors(propsSchema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

function mistakesOf(error: SchemaError, value: unknown): Mistake[] {
  const segments = pointerSegments(error.instancePath);
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((name) => ({
        path: pathOf([...segments, name], value),
        message: "is missing",
      }));
    case "additionalProperties":
      return error.params.additionalProperties.map((name) => ({
        path: pathOf([...segments, name], value),
        message: unknownMember(segments, name),
      }));
    case "boolean":
    case "propertyNames":
      // Both repeat another error: that of the member itself.
      return [];
    default:
      return [{ path: pathOf(segments, value), message: `must be ${expected(error)}` }];
  }
}

function unknownMember(segments: readonly string[], name: string): string {
  if (segments.join() !== "environment") return "is not known";
  if (Object.hasOwn(OWNED_VARIABLES, name)) {
    return OWNED_VARIABLES[name as keyof typeof OWNED_VARIABLES];
  }
  if (SECRET_VARIABLES.includes(name)) return "belongs in the Secret of environmentSecret";
  return "is no variable of the proxy";
}

const KINDS: Readonly<Record<string, string>> = { object: "an object", array: "a list" };

function expected({ schemaPath, message }: SchemaError): string {
  let schema: unknown = propsSchema;
  for (const segment of pointerSegments(schemaPath.slice(1))) {
    schema = (schema as Readonly<Record<string, unknown>>)[segment];
  }
  const { description, type = "" } = schema as { description?: string; type?: string };
  return description ?? KINDS[type] ?? message.replace(/^must be /, "");
}

function pointerSegments(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** `networkPolicy.clients[0].cidr`; the whole is `settings`. */
function pathOf(segments: readonly string[], value: unknown): string {
  let path = "";
  let parent = value;
  for (const segment of segments) {
    path += Array.isArray(parent) ? `[${segment}]` : `.${segment}`;
    parent = (parent as Readonly<Record<string, unknown>> | undefined)?.[segment];
  }
  return path === "" ? "settings" : path.slice(1);
}
