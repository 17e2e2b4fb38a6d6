/** The routes that take a tenant's request; all of them are `POST`. */
export const API_PATHS = [
  "/api/1/document/wrap",
  "/api/1/document/unwrap",
  "/api/1/document/batch-wrap",
  "/api/1/document/batch-unwrap",
  "/api/1/document/rekey",
  "/api/1/document/report-operations",
  "/api/1/key/derive-with-secret-path",
  "/api/1/event/security-event",
] as const;

export type ApiPath = (typeof API_PATHS)[number];

export const METRICS_PATH = "/metrics";

/** Value of the metric label `endpoint`: a route, never a path as it was sent. */
export type EndpointLabel = ApiPath | typeof METRICS_PATH | "other";

/** What each route allows, in the form of the header `Allow`. */
export const ALLOWED_METHODS: ReadonlyMap<string, string> = new Map<EndpointLabel, string>([
  ...API_PATHS.map((path): [ApiPath, string] => [path, "POST"]),
  [METRICS_PATH, "GET, HEAD"],
]);

/** The route that `path` names, whatever the method. */
export function labelOf(path: string): EndpointLabel {
  return ALLOWED_METHODS.has(path) ? (path as EndpointLabel) : "other";
}
