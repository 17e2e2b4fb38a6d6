import { API_KEY, RawSocket } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Dialect, DIALECTS } from "./support/dialects.ts";
import {
  BATCH_UNWRAP,
  BATCH_WRAP,
  DERIVE,
  rawRequest,
  REKEY,
  REPORT_OPERATIONS,
  SECURITY_EVENT,
  UNWRAP,
  WRAP,
  type Wrapped,
} from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const proxy = sharedProxy();

/** A connection on which a client sends its requests one after another. */
async function connect(dialect: Dialect) {
  const socket = await RawSocket.open(proxy.url);
  onTestFinished(() => socket.close());
  return async (path: string, content: object): Promise<string> => {
    const text = JSON.stringify(content);
    const headers = [`Authorization: cmk ${API_KEY}`, ...dialect.headers];
    const length = `Content-Length: ${Buffer.byteLength(text)}`;
    const bytes = rawRequest(`${dialect.prefix}api/1/${path}`, text, [...headers, length]);
    const headEnd = bytes.indexOf("\r\n\r\n") + 4;
    socket.write(bytes.subarray(0, headEnd));
    const invitation = dialect.expectsContinue === true ? await socket.answer() : { status: 100 };
    expect(invitation.status).toBe(100);
    socket.write(bytes.subarray(headEnd));
    const { status, body } = await socket.answer();
    expect([path, status]).toEqual([path, 200]);
    return body;
  };
}

describe.for(DIALECTS)("the client of $name", (dialect) => {
  it("is served all it asks for on one connection", async () => {
    const send = await connect(dialect);
    const metadata = dialect.metadata("leased");

    const { dek, edek } = JSON.parse(await send(WRAP, metadata)) as Wrapped;
    const unwrap = { ...metadata, encryptedDocumentKey: edek };
    expect(JSON.parse(await send(UNWRAP, unwrap))).toEqual({ dek });

    const wrapped = await send(BATCH_WRAP, { ...metadata, documentIds: ["a", "b"] });
    expect(JSON.parse(wrapped)).toMatchObject({ keys: { a: {}, b: {} }, failures: {} });
    const opened = await send(BATCH_UNWRAP, { ...metadata, edeks: { a: edek, b: "AAAA" } });
    expect(JSON.parse(opened)).toMatchObject({
      keys: { a: { dek } },
      failures: { b: { code: 203 } },
    });

    const rekeyed = await send(REKEY, { ...unwrap, newTenantId: "other" });
    expect(JSON.parse(rekeyed)).toMatchObject({ dek, edek: expect.stringMatching(/./) });

    const paths = { secret: ["path"] };
    const derive = { ...metadata, paths, derivationType: "sha512", secretType: "vector" };
    expect(JSON.parse(await send(DERIVE, derive))).toMatchObject({
      hasPrimaryConfig: true,
      derivedKeys: { secret: { path: [{ current: true }] } },
    });

    expect(await send(SECURITY_EVENT, dialect.event("leased", "USER_LOGIN"))).toBe("null");
    const operations = { [edek]: { wraps: 0, unwraps: 2 } };
    expect(await send(REPORT_OPERATIONS, { ...metadata, operations })).toBe("null");
  });
});
