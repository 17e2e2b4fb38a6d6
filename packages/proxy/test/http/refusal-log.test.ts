import { KmsError } from "@tenant-security/kms-adapters";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";

describe("the log", () => {
  it("has no line for a success", async () => {
    const { post, log } = await startHttp();

    await post(WRAP);

    expect(log.lines).toEqual([]);
  });

  it("has one line for a refusal, with what finds it again", async () => {
    const { post, log } = await startHttp();

    const { headers } = await post(WRAP, { tenantId: "unknown" });

    expect(log.lines).toEqual([
      {
        level: "info",
        message: "No configurations available for the provided tenant",
        fields: {
          name: "request",
          ray_id: headers["x-ray-id"],
          tenant_id: "unknown",
          endpoint: WRAP,
          code: 201,
          http_code: 404,
        },
      },
    ]);
  });

  it.for([
    ["a wrong key", "/api/1/x", { authorization: "cmk x" }, "warn", 401, 101],
    ["an unknown path", "/x", {}, "info", 404, 102],
    ["a wrong type", WRAP, { "content-type": "text/plain" }, "info", 415, 102],
  ] as const)("has one line for %s", async ([, path, headers, level, http, code]) => {
    const { post, log } = await startHttp();

    await post(path, {}, { headers });

    expect(log.lines).toMatchObject([{ level, fields: { http_code: http, code } }]);
    expect(log.lines[0]?.fields).not.toHaveProperty("tenant_id");
  });

  it("names causes by class, code and place, and never by their text", async () => {
    const { post, log, keys } = await startHttp();
    keys.wrap = () => {
      const socket = Object.assign(new Error("secret: 10.0.0.1"), { code: "ECONNRESET" });
      const kms = new KmsError(
        { code: "KMS_UNREACHABLE", detail: "the vendor's words" },
        { driver: "vault", operation: "wrap", cause: socket },
      );
      throw ProxyError.from(kms);
    };

    await post(WRAP);

    const [line] = log.lines;
    expect(line).toMatchObject({
      level: "warn",
      message: expect.stringContaining("vault wrap failed: the vendor's words"),
      fields: {
        causes: [
          { error: "KmsError", code: "KMS_UNREACHABLE" },
          {
            error: "Error",
            code: "ECONNRESET",
            at: expect.stringContaining("refusal-log.test.ts"),
          },
        ],
      },
    });
    expect(JSON.stringify(line)).not.toContain("secret");
  });

  it("is an error only when nobody foresaw it", async () => {
    const { post, log, keys } = await startHttp();
    keys.wrap = () => {
      throw new RangeError("secret");
    };

    await post(WRAP);

    expect(log.lines).toMatchObject([
      { level: "error", fields: { code: 100, causes: [{ error: "RangeError" }] } },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain("secret");
  });

  it("keeps lines short, whatever a client sends", async () => {
    const { post, log } = await startHttp();

    await post("/api/1/document/rekey", {
      tenantId: "t".repeat(20_000),
      newTenantId: "unknown",
      encryptedDocumentKey: "x".repeat(20_000),
    });

    expect(JSON.stringify(log.lines).length).toBeLessThan(1_000);
  });
});
