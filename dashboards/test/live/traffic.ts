import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, send, type WireOptions } from "@tenant-security/testkit";

export interface Traffic {
  stop(): Promise<void>;
}

export interface TlsProxy {
  readonly url: string;
  /** PEM that its certificate is checked against. */
  readonly ca: string;
}

/** Every kind of request over and over, good and bad ones, until it is stopped. */
export function startTraffic(busy: string, expired: TlsProxy): Traffic {
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await Promise.all([round(busy, "plain"), round(busy, "leased"), refused(busy, expired)]);
      await sleep(50);
    }
  })();
  // Told to whoever stops it, not to the process meanwhile.
  running.catch(() => {});
  return {
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

/** One request to each endpoint; all must succeed. */
async function round(origin: string, tenantId: string): Promise<void> {
  const shared = { tenantId, iclFields: { requestingId: "service" }, customFields: {} };
  const good = async (path: string, members: object): Promise<unknown> => {
    const { status, json, text } = await post(origin, path, { ...shared, ...members });
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
    return json;
  };
  const { edek } = (await good("document/wrap", {})) as { readonly edek: string };
  await good("document/unwrap", { encryptedDocumentKey: edek });
  await good("document/batch-wrap", { documentIds: ["a", "b"] });
  await good("document/batch-unwrap", { edeks: { a: edek } });
  await good("document/rekey", { encryptedDocumentKey: edek, newTenantId: "plain" });
  await good("document/report-operations", { operations: { [edek]: { wraps: 1, unwraps: 1 } } });
  const event = { ...shared.iclFields, event: "USER_LOGIN" };
  await good("event/security-event", { timestampMillis: 0, iclFields: event });
  const paths = { path: ["a"] };
  await good("key/derive-with-secret-path", {
    paths,
    derivationType: "sha512",
    secretType: "search",
  });
}

/** A KMS that fails, a wrong key, and a proxy that knows nothing recent. */
async function refused(busy: string, expired: TlsProxy): Promise<void> {
  const wrap = { tenantId: "broken", iclFields: { requestingId: "service" }, customFields: {} };
  await post(busy, "document/wrap", wrap);
  await send(`${busy}/api/1/document/wrap`, wrap, { headers: { authorization: "cmk d3Jvbmc=" } });
  await post(expired.url, "document/wrap", wrap, { ca: expired.ca });
}

function post(
  origin: string,
  path: string,
  body: object,
  options: WireOptions = {},
): Promise<Answer> {
  return send(`${origin}/api/1/${path}`, body, options);
}
