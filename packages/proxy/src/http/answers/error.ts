import { STATUS_CODES } from "node:http";
import type { ProxyError } from "../../errors.ts";
import { STATUS } from "../../status.ts";

/** The body of every refusal. Clients take an empty message for a broken answer. */
export function errorBody(error: ProxyError): string {
  const message = error.message === "" ? error.status : error.message;
  return `{"code":${STATUS[error.status]},"message":${JSON.stringify(message)}}`;
}

/** A whole HTTP answer, for bytes that never became a request. It closes the connection. */
export function rawRefusal(error: ProxyError, rayId: string): Buffer {
  const body = errorBody(error);
  return Buffer.from(
    `HTTP/1.1 ${error.http} ${STATUS_CODES[error.http] ?? "Error"}\r\n` +
      `Date: ${new Date().toUTCString()}\r\n` +
      "Content-Type: application/json\r\n" +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `x-ray-id: ${rayId}\r\n` +
      "Connection: close\r\n" +
      `\r\n${body}`,
  );
}
