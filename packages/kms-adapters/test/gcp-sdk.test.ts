import { randomBytes } from "node:crypto";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { Agent, fetch, type RequestInit } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { gcpKms } from "../src/gcp/index.ts";
import { Kms } from "../src/index.ts";
import { keyName, startGcp } from "./fakes/gcp-world.ts";

describe("Google's own client and ours", { timeout: 60_000 }, () => {
  it("open each other's ciphertexts", async () => {
    const { kms, sdk } = await setUp();
    const key = randomBytes(32);

    const ours = await kms.wrap(key);
    const [theirs] = await sdk.encrypt({ name: keyName, plaintext: key });
    const [opened] = await sdk.decrypt({ name: keyName, ciphertext: ours });

    expect(Buffer.from(opened.plaintext as Uint8Array)).toEqual(key);
    expect(await kms.unwrap(Buffer.from(theirs.ciphertext as Uint8Array))).toEqual(key);
  });
});

async function setUp() {
  const { google, server, account, options } = await startGcp();
  const { caCertificate = "" } = options();
  const kms = new Kms(gcpKms(options()));
  const { access_token } = google.tokens.issueTo(account).body as { access_token: string };
  const dispatcher = new Agent({
    connect: {
      ca: caCertificate,
      lookup: (_host, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    },
  });
  const sdk = new KeyManagementServiceClient({
    fallback: true,
    servicePath: "cloudkms.googleapis.com",
    port: server.port,
    projectId: "acme-prod",
    authClient: clientWith(access_token, dispatcher),
  });
  onTestFinished(async () => {
    await sdk.close();
    await dispatcher.close();
    await kms.close();
    await server.close();
  });
  return { kms, sdk };
}

type AuthClient = NonNullable<
  NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>["authClient"]
>;

/** As much of an auth client as the SDK uses, with the token that is there already. */
function clientWith(token: string, dispatcher: Agent): AuthClient {
  const client = {
    // Its mark of an auth client of the right kind.
    getRequestHeaders: async () => new Headers({ authorization: `Bearer ${token}` }),
    fetch: (url: string, { method, headers, body }: RequestInit) => {
      const sent = new Headers(headers);
      sent.set("authorization", `Bearer ${token}`);
      const init = { method, headers: [...sent], body, dispatcher } as RequestInit;
      return fetch(url, init);
    },
  };
  return client as unknown as AuthClient;
}
