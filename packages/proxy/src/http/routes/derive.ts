import { Type } from "typebox";
import type { DerivationRequest, DerivationType } from "../../keys/ports.ts";
import type { SecretType } from "../../tenants/source.ts";
import { renderDerivation } from "../answers/derivation.ts";
import { type ApiRoute, apiRoute, entriesIn } from "../api-route.ts";
import { deliverInParts } from "../deliver-in-parts.ts";
import { httpRefusal } from "../http-refusal.ts";
import { ANSWERS } from "../schemas/answers.ts";
import type { RouteParts } from "./parts.ts";

type SentPaths = Readonly<Record<string, readonly string[]>>;

const members = {
  paths: Type.Unsafe<SentPaths>({
    type: "object",
    additionalProperties: { type: "array", items: { type: "string" } },
    description: "Secret path to derivation paths",
  }),
  derivationType: Type.Unsafe<DerivationType>({ type: "string", enum: ["sha256", "sha512"] }),
  secretType: Type.Unsafe<SecretType>({
    type: "string",
    enum: ["search", "deterministic", "vector"],
  }),
};

export function deriveRoute({ keys }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/key/derive-with-secret-path",
    summary: "Derives keys from the tenant's secrets, which are made when they are first needed",
    members,
    answer: ANSWERS.derivedKeys,
    itemsOf: (body) => pathsIn(body["paths"]),
    inParts: true,
    serve(exchange, { derivationType, secretType, paths }) {
      const request: DerivationRequest = { derivationType, secretType, paths: pathMap(paths) };
      deliverInParts(exchange, {
        items: pathsIn(paths),
        work: () => keys.derive(exchange, request),
        render: renderDerivation,
      });
    },
  });
}

function pathsIn(paths: unknown): number {
  if (typeof paths !== "object" || paths === null) return 0;
  return Object.values(paths).reduce<number>((sum, list) => sum + Math.max(1, entriesIn(list)), 0);
}

/** Clients repeat derivation paths; each is derived once. */
function pathMap(paths: SentPaths): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, readonly string[]>();
  for (const [secretPath, derivationPaths] of Object.entries(paths)) {
    if (secretPath === "") throw httpRefusal(400, "paths must not have an empty secret path");
    const distinct = [...new Set(derivationPaths)];
    if (![secretPath, ...distinct].every((path) => path.isWellFormed())) {
      throw httpRefusal(
        400,
        "paths must be Unicode text: a lone surrogate has no bytes to derive from",
      );
    }
    map.set(secretPath, distinct);
  }
  return map;
}
