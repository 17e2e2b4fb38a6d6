import type { ApiRoute } from "../api-route.ts";
import { batchUnwrapRoute } from "./batch-unwrap.ts";
import { batchWrapRoute } from "./batch-wrap.ts";
import { deriveRoute } from "./derive.ts";
import type { RouteParts } from "./parts.ts";
import { rekeyRoute } from "./rekey.ts";
import { reportOperationsRoute } from "./report-operations.ts";
import { securityEventRoute } from "./security-event.ts";
import { unwrapRoute } from "./unwrap.ts";
import { wrapRoute } from "./wrap.ts";

/** All routes under `/api/1/`. */
export function apiRoutes(parts: RouteParts): readonly ApiRoute[] {
  return [
    wrapRoute(parts),
    unwrapRoute(parts),
    batchWrapRoute(parts),
    batchUnwrapRoute(parts),
    rekeyRoute(parts),
    reportOperationsRoute(parts),
    deriveRoute(parts),
    securityEventRoute(parts),
  ];
}
