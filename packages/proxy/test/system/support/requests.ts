import { type Answer, API_KEY, send, type WireOptions } from "@tenant-security/testkit";

export const WRAP = "document/wrap";
export const UNWRAP = "document/unwrap";
export const BATCH_WRAP = "document/batch-wrap";
export const BATCH_UNWRAP = "document/batch-unwrap";
export const REKEY = "document/rekey";
export const DERIVE = "key/derive-with-secret-path";
export const SECURITY_EVENT = "event/security-event";
export const REPORT_OPERATIONS = "document/report-operations";

/** A body as the published clients send it, with further members. */
export function body(tenantId: string, members: object = {}): Record<string, unknown> {
  return { tenantId, iclFields: { requestingId: "service" }, customFields: {}, ...members };
}

/** Posts to an endpoint by its path below `/api/1/`. */
export function post(
  origin: string,
  path: string,
  content: unknown,
  options: WireOptions = {},
): Promise<Answer> {
  return send(`${origin}/api/1/${path}`, content, options);
}

export interface Wrapped {
  readonly dek: string;
  readonly edek: string;
}

/** Wraps a fresh key, which must work. */
export async function wrap(origin: string, tenantId: string): Promise<Wrapped> {
  const { status, json, text } = await post(origin, WRAP, body(tenantId));
  if (status !== 200) throw new Error(`wrap answered ${status}: ${text}`);
  return json as Wrapped;
}

export function unwrap(origin: string, tenantId: string, edek: string): Promise<Answer> {
  return post(origin, UNWRAP, body(tenantId, { encryptedDocumentKey: edek }));
}

/** HTTP status and code of an answer, `undefined` for a success. */
export function outcome({ status, json }: Answer): readonly [number, number | undefined] {
  return [status, (json as { code?: number } | null | undefined)?.code];
}

/** Text of a request for a socket. `headers` are whole lines. */
export function rawRequest(
  path: string,
  content: string | Uint8Array,
  headers: readonly string[],
): Buffer {
  const bytes = Buffer.from(content);
  const head = [`POST ${path} HTTP/1.1`, "Host: proxy", ...headers].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), bytes]);
}

/** The bytes of a good request, by its path below `/api/1/`. */
export function apiRequest(path: string, content: object): Buffer {
  const text = JSON.stringify(content);
  return rawRequest(`/api/1/${path}`, text, [
    `Authorization: cmk ${API_KEY}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]);
}
