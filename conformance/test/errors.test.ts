import {
  DocumentMetadata,
  KmsException,
  TenantSecurityClient,
  TspServiceException,
} from "@ironcorelabs/tenant-security-nodejs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, metadata, startWorld, TRANSPORTS, type World } from "../support/world.ts";

const DOCUMENT = { f: Buffer.from("secret") };

describe.for(TRANSPORTS)("errors over %s", (transport) => {
  let world: World;
  let client: TenantSecurityClient;

  beforeAll(async () => {
    world = await startWorld(transport, { TSP_KMS_TIMEOUT_MS: "5000" });
    client = world.client;
  });
  afterAll(() => world?.stop());

  it("tell a wrong API key", async () => {
    const stranger = new TenantSecurityClient(world.proxy.url, "d3JvbmctYXBpLWtleQ==");

    const error = await failure(stranger.encryptDocument(DOCUMENT, metadata("leased")));

    expect(error).toBeInstanceOf(TspServiceException);
    expect(error).toMatchObject({ errorCode: 101, httpResponseCode: 401 });
  });

  it("tell a body of the wrong shape", async () => {
    const numbers = { count: 1 } as unknown as Record<string, string>;
    const odd = new DocumentMetadata(
      "leased",
      "service",
      undefined,
      undefined,
      undefined,
      undefined,
      numbers,
    );

    const error = await failure(client.encryptDocument(DOCUMENT, odd));

    expect(error).toBeInstanceOf(TspServiceException);
    expect(error).toMatchObject({ errorCode: 102, httpResponseCode: 400 });
  });

  it.for([
    ["without a primary configuration", "no-primary", 200, 422, /primary/i],
    ["that nobody knows", "nobody", 201, 404, /No configurations available/],
    ["with nothing active", "nothing-active", 201, 404, /No configurations available/],
    ["whose KMS gives a senseless answer", "senseless", 204, 502, /./],
    ["whose credentials are refused", "denied", 206, 403, /./],
    ["whose key has the wrong length", "short-key", 207, 422, /./],
    ["whose credentials are missing", "no-credentials", 207, 422, /./],
    ["whose KMS is down", "broken", 208, 503, /./],
    ["whose KMS throttles", "throttled", 209, 429, /./],
  ] as const)("tell a tenant %s", async ([, tenant, code, status, message]) => {
    const single = await failure(client.encryptDocument(DOCUMENT, metadata(tenant)));

    expect(single).toBeInstanceOf(KmsException);
    expect(single).toMatchObject({
      errorCode: code,
      httpResponseCode: status,
      message: expect.stringMatching(message),
    });
  });

  it.for([
    ["no-primary", 200],
    ["nobody", 201],
  ] as const)("reject a whole batch of the tenant %s with %i", async ([tenant, code]) => {
    const error = await failure(client.encryptDocumentBatch({ a: DOCUMENT }, metadata(tenant)));

    expect(error).toBeInstanceOf(KmsException);
    expect(error).toMatchObject({ errorCode: code });
  });

  it.for([
    ["denied", 206],
    ["throttled", 209],
  ] as const)("are told per document when the KMS of %s fails", async ([tenant, code]) => {
    const result = await client.encryptDocumentBatch(
      { a: DOCUMENT, b: DOCUMENT },
      metadata(tenant),
    );

    expect(result.successes).toEqual({});
    expect(Object.keys(result.failures).toSorted()).toEqual(["a", "b"]);
    expect(result.failures["a"]).toMatchObject({ errorCode: code });
  });

  it.for([
    ["of a disabled configuration", "unleased", "disabled", 202, 422],
    ["of a configuration that is not assigned", "third", "unleased", 203, 400],
  ] as const)("tell an EDEK %s", async ([, maker, tenant, code, status]) => {
    const encrypted = await client.encryptDocument(DOCUMENT, metadata(maker));

    const error = await failure(client.decryptDocument(encrypted, metadata(tenant)));

    expect(error).toBeInstanceOf(KmsException);
    expect(error).toMatchObject({ errorCode: code, httpResponseCode: status });
  });

  it.for(["edek", "randomBytes", "what a waste of time\n"])(
    "tell an EDEK that is only %j",
    async (text) => {
      const encrypted = await client.encryptDocument(DOCUMENT, metadata("leased"));
      const edek = Buffer.from(text).toString("base64");

      const error = await failure(
        client.decryptDocument({ ...encrypted, edek }, metadata("leased")),
      );

      expect(error).toMatchObject({
        errorCode: 203,
        message: expect.stringContaining("Provided EDEK didn't contain IronCore EDEKs"),
      });
    },
  );

  it("tell an unknown tenant before they look at the EDEK", async () => {
    const encrypted = await client.encryptDocument(DOCUMENT, metadata("leased"));

    const error = await failure(client.decryptDocument(encrypted, metadata("nobody")));

    expect(error).toMatchObject({ errorCode: 201 });
  });

  it("tell an EDEK whose ciphertext the KMS refuses", async () => {
    const encrypted = await client.encryptDocument(DOCUMENT, metadata("unleased"));
    const bytes = Buffer.from(encrypted.edek, "base64");
    // Inside the ciphertext: behind two field headers, before the configuration id at the end.
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 8) ^ 1, bytes.length - 8);
    const changed = { ...encrypted, edek: bytes.toString("base64") };

    const error = await failure(client.decryptDocument(changed, metadata("unleased")));

    expect(error).toBeInstanceOf(KmsException);
    expect(error).toMatchObject({ errorCode: 205, httpResponseCode: 422 });
  });

  it("tell a rekey to a tenant that cannot wrap", async () => {
    const encrypted = await client.encryptDocument(DOCUMENT, metadata("unleased"));

    const error = await failure(
      client.rekeyEdek(encrypted.edek, "no-primary", metadata("unleased")),
    );

    expect(error).toMatchObject({ errorCode: 200 });
  });

  it("tell that the proxy is away", async () => {
    const nowhere = new TenantSecurityClient("http://127.0.0.1:9", "a2V5");

    const error = await failure(nowhere.encryptDocument(DOCUMENT, metadata("leased")));

    expect(error).toBeInstanceOf(TspServiceException);
    expect(error).toMatchObject({ errorCode: 0 });
  });
});
