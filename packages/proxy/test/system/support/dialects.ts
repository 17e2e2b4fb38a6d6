/** How one published client writes its requests. */
export interface Dialect {
  readonly name: string;
  /** What comes in front of `api/1/`, as the client joins it to the configured address. */
  readonly prefix: string;
  readonly headers: readonly string[];
  /** Waits for `100 Continue` before it sends a body. */
  readonly expectsContinue?: boolean;
  /** The metadata of a request whose caller set nothing but what is required. */
  readonly metadata: (tenantId: string) => Record<string, unknown>;
  /** The metadata of an event. */
  readonly event: (tenantId: string, name: string) => Record<string, unknown>;
}

const NULLS = { dataLabel: null, sourceIp: null, objectId: null, requestId: null };
const MILLISECONDS = 1_700_000_000_000;

const bare = (tenantId: string, customFields: unknown = {}) => ({
  tenantId,
  iclFields: { requestingId: "service" },
  customFields,
});

const withEvent = (metadata: Record<string, unknown>, event: string) => ({
  ...metadata,
  timestampMillis: MILLISECONDS,
  iclFields: { ...(metadata["iclFields"] as object), event },
});

export const DIALECTS: readonly Dialect[] = [
  {
    name: "Node with a slash behind its address",
    prefix: "//",
    headers: [
      "Content-Type: application/json",
      "x-icl-tsc-language: node",
      "x-icl-tsc-version: 4.1.3",
      "Accept: */*",
      "Accept-Encoding: gzip,deflate",
      "User-Agent: node-fetch/1.0",
      "Connection: keep-alive",
    ],
    metadata: bare,
    event: (tenantId, name) => withEvent(bare(tenantId), name),
  },
  {
    name: "Java",
    prefix: "/",
    headers: [
      "Accept-Encoding: gzip",
      "Content-Type: application/json; charset=UTF-8",
      "x-icl-tsc-language: java",
      "x-icl-tsc-version: 8.1.1",
      "User-Agent: Google-HTTP-Java-Client/1.45.0 (gzip)",
    ],
    metadata: bare,
    event: (tenantId, name) => withEvent(bare(tenantId), name),
  },
  {
    name: "Go with no custom fields",
    prefix: "/",
    headers: [
      "User-Agent: Tenant Security Client Go v0.6.0",
      "Accept: application/json",
      "Content-Type: application/json",
      "Accept-Encoding: gzip",
    ],
    metadata: (tenantId) => bare(tenantId, null),
    event: (tenantId, name) => withEvent(bare(tenantId, null), name),
  },
  {
    name: "PHP",
    prefix: "/",
    headers: ["Accept: */*", "Content-Type: application/json", "Expect: 100-continue"],
    expectsContinue: true,
    metadata: (tenantId) => ({
      ...bare(tenantId),
      iclFields: { requestingId: "service", ...NULLS },
    }),
    event: (tenantId, name) =>
      withEvent({ ...bare(tenantId), iclFields: { requestingId: "service", ...NULLS } }, name),
  },
  {
    name: "Alloy",
    prefix: "//",
    headers: ["content-type: application/json", "accept: */*"],
    metadata: (tenantId) => ({
      ...bare(tenantId),
      iclFields: { requestingId: "IronCore Labs Alloy SDK", ...NULLS },
    }),
    event: (tenantId, event) => ({
      ...bare(tenantId),
      iclFields: { requestingId: "IronCore Labs Alloy SDK", ...NULLS },
      event,
    }),
  },
];
