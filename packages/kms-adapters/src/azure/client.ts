import { DriverError } from "../driver-error.ts";
import type { KmsOperation } from "../errors.ts";
import { HttpClient } from "../http/client.ts";
import { HttpStatusError } from "../http/errors.ts";
import { readToken } from "../rest/bearer.ts";
import { asObject, type JsonObject } from "../rest/json.ts";
import { type AccessToken, TokenCache } from "../rest/token-cache.ts";
import { azureFault, entraFault } from "./faults.ts";
import type { AzureConfig, AzureKmsOptions } from "./options.ts";

export interface AzureCall {
  readonly operation: KmsOperation;
  /** Undefined: the current one. */
  readonly version?: string | undefined;
  /** Base64url. */
  readonly value: string;
  readonly signal: AbortSignal;
}

/** The slice of a vault that the driver uses: two requests, and never one beside them. */
export interface AzureClient {
  /** @throws DriverError with the vendor's reason */
  call(call: AzureCall): Promise<JsonObject>;
  close(): Promise<void>;
}

const API = "api-version=7.4";
const METHODS: Readonly<Record<KmsOperation, string>> = { wrap: "wrapkey", unwrap: "unwrapkey" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/**
 * The operations on the wire. The vendor's `CryptographyClient` wraps in this process with the
 * public key instead, which the tenant neither sees in its audit log nor can stop.
 */
export function createAzureClient(config: AzureConfig, options: AzureKmsOptions): AzureClient {
  const { connectTimeoutMs, maxSockets, caCertificate } = options;
  const common = { connectTimeoutMs, caCertificate };
  const vault = new HttpClient({ ...common, address: config.vault, maxSockets });
  const authority = new HttpClient({ ...common, address: config.authority, maxSockets: 1 });
  let secret: string | undefined = config.clientSecret;
  const tokens = new TokenCache((signal) => fetchToken(signal));

  async function fetchToken(signal: AbortSignal): Promise<AccessToken> {
    if (secret === undefined) throw new DriverError({ code: "KMS_CLOSED" });
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: config.clientId,
      client_secret: secret,
      scope: config.scope,
    }).toString();
    const path = `/${config.tenantGuid}/oauth2/v2.0/token`;
    try {
      const answer = await authority.request({ path, headers: FORM, body, signal });
      return readToken(answer.body, "access_token", "expires_in");
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      throw new DriverError(entraFault(error, [config.clientSecret]), { cause: error });
    }
  }

  return {
    async call({ operation, version, value, signal }) {
      const key = version === undefined ? config.keyName : `${config.keyName}/${version}`;
      const path = `/keys/${key}/${METHODS[operation]}?${API}`;
      const body = JSON.stringify({ alg: config.algorithm, value });
      const secrets = [value, config.clientSecret];
      try {
        return await tokens.use(signal, async (token) => {
          secrets.push(token);
          const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
          const answer = await vault.request({ path, headers, body, signal });
          return asObject(answer.body);
        });
      } catch (error) {
        if (!(error instanceof HttpStatusError)) throw error;
        throw new DriverError(azureFault(error, operation, secrets), { cause: error });
      }
    },

    async close() {
      secret = undefined;
      tokens.close();
      await Promise.all([vault.close(), authority.close()]);
    },
  };
}
