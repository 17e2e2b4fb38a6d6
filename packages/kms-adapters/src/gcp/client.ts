import type { KeyObject } from "node:crypto";
import { DriverError } from "../driver-error.ts";
import type { KmsOperation } from "../errors.ts";
import { HttpClient } from "../http/client.ts";
import { HttpStatusError } from "../http/errors.ts";
import { readToken } from "../rest/bearer.ts";
import { asObject, type JsonObject } from "../rest/json.ts";
import { type AccessToken, TokenCache } from "../rest/token-cache.ts";
import { signAssertion } from "./assertion.ts";
import { gcpFault, gcpTokenFault } from "./faults.ts";
import type { GcpConfig, GcpKmsOptions } from "./options.ts";

/** The slice of Cloud KMS that the driver uses. */
export interface GcpClient {
  /**
   * Posts `body` to one of the two methods of the key.
   * @throws DriverError with the vendor's reason
   */
  call(operation: KmsOperation, body: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  close(): Promise<void>;
}

const SCOPE = "https://www.googleapis.com/auth/cloudkms";
const AUDIENCE = "https://oauth2.googleapis.com/token";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
// What is not longer is a checksum, no secret, and may be part of any text.
const CHECKSUM_DIGITS = 10;
const METHODS: Readonly<Record<KmsOperation, string>> = { wrap: "encrypt", unwrap: "decrypt" };

/** REST, because the vendor's SDK costs 40 MB and a quarter of a second: docs/decisions. */
export function createGcpClient(config: GcpConfig, options: GcpKmsOptions): GcpClient {
  const { connectTimeoutMs, maxSockets, caCertificate } = options;
  const common = { connectTimeoutMs, caCertificate };
  const kms = new HttpClient({ ...common, address: config.kms, maxSockets });
  const oauth = new HttpClient({ ...common, address: config.tokens, maxSockets: 1 });
  let privateKey: KeyObject | undefined = config.privateKey;
  const tokens = new TokenCache((signal) => fetchToken(signal));

  async function fetchToken(signal: AbortSignal): Promise<AccessToken> {
    if (privateKey === undefined) throw new DriverError({ code: "KMS_CLOSED" });
    const claims = { email: config.email, scope: SCOPE, audience: AUDIENCE };
    const assertion = signAssertion(privateKey, claims, Date.now());
    const body = new URLSearchParams({ grant_type: GRANT, assertion }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    try {
      const answer = await oauth.request({ path: config.tokenPath, headers, body, signal });
      return readToken(answer.body, "access_token", "expires_in");
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      throw new DriverError(gcpTokenFault(error, [assertion]), { cause: error });
    }
  }

  return {
    async call(operation, body, signal) {
      const path = `/v1/${config.keyName}:${METHODS[operation]}`;
      const secrets = Object.values(body)
        .map(String)
        .filter((text) => text.length > CHECKSUM_DIGITS);
      try {
        return await tokens.use(signal, async (token) => {
          secrets.push(token);
          const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
          const answer = await kms.request({ path, headers, body: JSON.stringify(body), signal });
          return asObject(answer.body);
        });
      } catch (error) {
        if (!(error instanceof HttpStatusError)) throw error;
        throw new DriverError(gcpFault(error, operation, secrets), { cause: error });
      }
    },

    async close() {
      privateKey = undefined;
      tokens.close();
      await Promise.all([kms.close(), oauth.close()]);
    },
  };
}
