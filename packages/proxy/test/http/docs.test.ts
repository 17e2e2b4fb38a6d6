import { describe, expect, it } from "vitest";
import { buildOpenApi } from "../../src/http/docs/openapi.ts";
import { renderErrorsDoc } from "../../src/http/docs/errors-doc.ts";
import { API_PATHS } from "../../src/http/endpoints.ts";
import { compile, type Validate } from "../../src/http/validation.ts";
import { HTTP_STATUS, STATUS } from "../../src/status.ts";
import { METADATA, startHttp } from "./support/start.ts";

interface Content {
  readonly content: { readonly "application/json": { readonly schema: object } };
}

interface Operation {
  readonly operationId: string;
  readonly requestBody: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

const document = JSON.parse(JSON.stringify(buildOpenApi())) as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly post?: Operation }>>;
  readonly components: { readonly schemas: { readonly Failure: object } };
};

const EDEK = Buffer.from("edek:AAAA").toString("base64");

const BODIES: Readonly<Record<string, object>> = {
  "/api/1/document/wrap": {},
  "/api/1/document/unwrap": { encryptedDocumentKey: EDEK },
  "/api/1/document/batch-wrap": { documentIds: ["a"] },
  "/api/1/document/batch-unwrap": { edeks: { a: EDEK, b: "none" } },
  "/api/1/document/rekey": { encryptedDocumentKey: EDEK, newTenantId: "acme" },
  "/api/1/document/report-operations": { operations: {} },
  "/api/1/key/derive-with-secret-path": {
    paths: { a: ["b"] },
    derivationType: "sha512",
    secretType: "search",
  },
  "/api/1/event/security-event": { event: "A" },
};

describe("the OpenAPI document", () => {
  it("is of version 3.1 and has every endpoint", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(document.paths)).toEqual(
      [...API_PATHS, "/metrics"].toSorted(inDocumentOrder),
    );
    const ids = API_PATHS.map((path) => document.paths[path]?.post?.operationId);
    expect(new Set(ids).size).toBe(API_PATHS.length);
  });

  it.for(API_PATHS)("describes what %s takes and answers", async (path) => {
    const { post } = await startHttp();
    const operation = document.paths[path]?.post;
    const good = await post(path, BODIES[path]);
    expect(good.status).toBe(200);
    expect(schemaOf(operation?.requestBody)({ ...METADATA, ...BODIES[path] })).toBeUndefined();
    expect(schemaOf(operation?.responses["200"])(good.json)).toBeUndefined();

    const bad = await post(path, { tenantId: 7 });
    expect(schemaOf(operation?.requestBody)({ tenantId: 7 })).toBeDefined();
    expect(Object.keys(operation?.responses ?? {})).toContain(String(bad.status));
    expect(compile(document.components.schemas.Failure)(bad.json)).toBeUndefined();
  });
});

describe("docs/errors.md", () => {
  it("has one row for each code, with its HTTP status", () => {
    const text = renderErrorsDoc();

    for (const [name, code] of Object.entries(STATUS)) {
      const http = HTTP_STATUS[name as keyof typeof STATUS];
      expect(text).toMatch(
        new RegExp(`^\\| ${code} \\| \`${name}\` \\| ${http} \\| .+ \\| .+ \\|$`, "m"),
      );
    }
  });
});

function schemaOf(content: Content | undefined): Validate {
  return compile(content?.content["application/json"].schema ?? {});
}

/** The document lists `/metrics` last and the others as the routes are registered. */
function inDocumentOrder(a: string, b: string): number {
  const order = Object.keys(document.paths);
  return order.indexOf(a) - order.indexOf(b);
}
