import createCompiler from "@fastify/ajv-compiler";
import type { TSchema } from "typebox";
import type { ProxyError } from "../errors.ts";
import { httpRefusal } from "./http-refusal.ts";
import { explain } from "./validation-message.ts";

/** Explains why a body is not what the schema says; undefined when it is. */
export type Validate = (body: unknown) => ProxyError | undefined;

// Nothing is coerced or filled in: a number where text belongs is a mistake of the client.
const compileWithAjv = createCompiler()(
  {},
  {
    customOptions: {
      coerceTypes: false,
      removeAdditional: false,
      useDefaults: false,
      ownProperties: true,
      strict: true,
      allowUnionTypes: true,
    },
  },
);

/** The compiler that Fastify itself uses, with settings that change nothing in a body. */
export function compile(schema: TSchema): Validate {
  const valid = compileWithAjv({ schema });
  return (body) => {
    if (valid(body)) return undefined;
    const [error] = valid.errors ?? [];
    return httpRefusal(400, error ? explain(error) : "The body is not of the right form");
  };
}
