import type { ErrorObject } from "@fastify/ajv-compiler";

/** Members whose own members are named by the caller: those names stay out of messages. */
const MAPS: ReadonlySet<string> = new Set([
  "customFields",
  "documentIds",
  "edeks",
  "operations",
  "paths",
]);

const ARTICLES: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "a boolean",
  integer: "a whole number",
  number: "a number",
  object: "an object",
  string: "a string",
};

/** Says which member is wrong and what belongs there. Never quotes the body. */
export function explain({ instancePath, keyword, params }: ErrorObject): string {
  const field = fieldOf(instancePath);
  switch (keyword) {
    case "required":
      return `${field}${field && "."}${params["missingProperty"]} is missing: send it`;
    case "type":
      return `${field || "The body"} must be ${typesOf(params["type"])}`;
    case "minLength":
      return `${field} must not be empty`;
    case "enum":
      return `${field} must be one of: ${[params["allowedValues"]].flat().join(", ")}`;
    case "minimum":
    case "maximum":
      return `${field} must be ${params["comparison"]} ${params["limit"]}`;
    default:
      return `${field} is not of the right form (${keyword})`;
  }
}

/** `/operations/CnYK…/wraps` is `operations.*.wraps`. */
function fieldOf(instancePath: string): string {
  const names = instancePath.split("/").slice(1);
  return names.map((name, index) => (MAPS.has(names[index - 1] ?? "") ? "*" : name)).join(".");
}

function typesOf(type: unknown): string {
  return [type]
    .flat()
    .map((name) => ARTICLES[String(name)] ?? String(name))
    .join(" or ");
}
