import { HTTP_STATUS } from "../../status.ts";
import type { ApiRoute } from "../api-route.ts";
import { METRICS_PATH } from "../endpoints.ts";
import { apiRoutes } from "../routes/api-routes.ts";
import type { RouteParts } from "../routes/parts.ts";
import { ANSWERS } from "../schemas/answers.ts";
import { HTTP_TEXTS } from "./error-texts.ts";

const VERSION = "1";

const FAILURE = { $ref: "#/components/schemas/Failure" };

/** The OpenAPI 3.1 document, from the schemas that validate. */
export function buildOpenApi(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Tenant Security Proxy",
      version: VERSION,
      description:
        "Makes, wraps and unwraps document encryption keys with each tenant's own KMS. " +
        "Members that are not described are ignored.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ apiKey: [] }],
    paths: {
      ...Object.fromEntries(apiRoutes(NO_PARTS).map((route) => [route.path, pathItem(route)])),
      [METRICS_PATH]: metricsItem(),
    },
    components: {
      schemas: { Failure: ANSWERS.failure },
      securitySchemes: {
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "The text `cmk`, a blank and the API key",
        },
      },
    },
  };
}

// Routes only touch these when they serve a request.
const NO_PARTS = {} as RouteParts;

function pathItem({ path, summary, body, answer }: ApiRoute): object {
  return {
    post: {
      operationId: operationId(path),
      summary,
      requestBody: { required: true, content: json(body) },
      responses: {
        200: { description: "Done", headers: rayIdHeader(), content: json(answer) },
        ...refusals(),
      },
    },
  };
}

function metricsItem(): object {
  return {
    get: {
      operationId: "metrics",
      summary: "All metrics, in the text format of Prometheus",
      security: [],
      responses: {
        200: {
          description: "Done",
          headers: rayIdHeader(),
          content: { "text/plain": { schema: { type: "string" } } },
        },
      },
    },
  };
}

/** One row for each HTTP status of a refusal. */
function refusals(): object {
  const statuses = new Set([...Object.values(HTTP_STATUS), ...Object.keys(HTTP_TEXTS).map(Number)]);
  const rows = [...statuses]
    .toSorted((a, b) => a - b)
    .map((status) => [
      status,
      {
        description: HTTP_TEXTS[status] ?? "Refused: see the code",
        headers: rayIdHeader(),
        content: json(FAILURE),
      },
    ]);
  return Object.fromEntries(rows);
}

function rayIdHeader(): object {
  return {
    "x-ray-id": { schema: { type: "string" }, description: "Finds the request in the log" },
  };
}

function json(schema: object): object {
  return { "application/json": { schema } };
}

/** `/api/1/document/batch-wrap` is `batchWrap`. */
function operationId(path: string): string {
  const last = path.slice(path.lastIndexOf("/") + 1);
  return last.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
