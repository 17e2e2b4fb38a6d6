import { DriverError } from "../driver-error.ts";
import type { KmsOperation } from "../errors.ts";
import { HttpClient } from "../http/client.ts";
import { HttpAnswerError, HttpStatusError } from "../http/errors.ts";
import { readToken } from "../rest/bearer.ts";
import { asObject, asText, type JsonObject } from "../rest/json.ts";
import { type AccessToken, TokenCache } from "../rest/token-cache.ts";
import { thalesFault, thalesLoginFault } from "./faults.ts";
import { ROOT_DOMAIN, type ThalesConfig, type ThalesKmsOptions } from "./options.ts";

/** The slice of CipherTrust Manager that the driver uses. */
export interface ThalesClient {
  /**
   * Posts `body` to `crypto/encrypt` or `crypto/decrypt`.
   * @throws DriverError with the vendor's reason
   */
  call(operation: KmsOperation, body: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  close(): Promise<void>;
}

const PATHS: Readonly<Record<KmsOperation, string>> = {
  wrap: "/api/v1/crypto/encrypt",
  unwrap: "/api/v1/crypto/decrypt",
};
// The reference writes it with a slash at its end, most of its examples without.
const TOKENS = "/api/v1/auth/tokens";
const JSON_TYPE = { "content-type": "application/json" };

/** Members of a request that must not come back in a message. */
const SECRETS = ["plaintext", "ciphertext", "iv", "tag"] as const;

export function createThalesClient(config: ThalesConfig, options: ThalesKmsOptions): ThalesClient {
  const { connectTimeoutMs, maxSockets } = options;
  const { manager: address, caCertificate } = config;
  const http = new HttpClient({ address, connectTimeoutMs, maxSockets, caCertificate });
  let login: string | undefined = loginBody(config);
  const tokens = new TokenCache((signal) => fetchToken(signal));

  async function fetchToken(signal: AbortSignal): Promise<AccessToken> {
    if (login === undefined) throw new DriverError({ code: "KMS_CLOSED" });
    const request = { headers: JSON_TYPE, body: login, signal };
    try {
      const { body } = await http.request({ ...request, path: TOKENS }).catch((error: unknown) => {
        if (!isElsewhere(error)) throw error;
        return http.request({ ...request, path: `${TOKENS}/` });
      });
      return readToken(body, "jwt", "duration");
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      throw new DriverError(thalesLoginFault(error, [config.password]), { cause: error });
    }
  }

  return {
    async call(operation, body, signal) {
      const path = PATHS[operation];
      const secrets = [config.password, ...SECRETS.map((name) => asText(body[name]) ?? "")];
      try {
        return await tokens.use(signal, async (token) => {
          secrets.push(token);
          const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
          const answer = await http.request({ path, headers, body: JSON.stringify(body), signal });
          return asObject(answer.body);
        });
      } catch (error) {
        if (!(error instanceof HttpStatusError)) throw error;
        throw new DriverError(thalesFault(error, operation, secrets), { cause: error });
      }
    },

    async close() {
      login = undefined;
      tokens.close();
      await http.close();
    },
  };
}

/** Nothing is at this path, or it only leads to another one. */
function isElsewhere(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status === 404 || error.status === 405;
  const { httpStatus = 0 } = error instanceof HttpAnswerError ? error.fault : {};
  return httpStatus >= 300 && httpStatus < 400;
}

/** The user under both names that the manager's releases know it by. */
function loginBody(config: ThalesConfig): string {
  const { username, password, authDomain, domain, connection } = config;
  return JSON.stringify({
    grant_type: "password",
    name: username,
    username,
    password,
    connection,
    ...(authDomain === ROOT_DOMAIN ? {} : { auth_domain: authDomain }),
    ...(domain === ROOT_DOMAIN ? {} : { domain }),
  });
}
