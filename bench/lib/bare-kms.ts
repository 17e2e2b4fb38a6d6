import { randomBytes } from "node:crypto";
import { EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { Pool } from "undici";
import type { KmsServer } from "./kms-servers.ts";

/** One wrap, and what ends with it. */
export interface Caller {
  call(): Promise<unknown>;
  close(): Promise<void>;
}

/** As long as a bound key. */
export const KEY: Buffer = randomBytes(48);

const JSON_TYPE = { "content-type": "application/json", accept: "application/json" };

export function bareAws({ origin, keyPath, credentials }: KmsServer): Caller {
  const client = new KMSClient({
    region: String(keyPath["region"]),
    endpoint: origin,
    credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  });
  const input = { KeyId: String(keyPath["keyID"]), Plaintext: KEY, EncryptionContext: {} };
  return {
    call: () => client.send(new EncryptCommand(input)),
    close: async () => client.destroy(),
  };
}

export function bareVault({ origin, credentials }: KmsServer): Caller {
  const headers = { ...JSON_TYPE, "x-vault-token": String(credentials["token"]) };
  return bareHttps(origin, "/v1/transit/encrypt/documents", headers, {
    plaintext: KEY.toString("base64"),
  });
}

export async function bareThales({ origin, keyPath, credentials }: KmsServer): Promise<Caller> {
  const { username, password } = credentials;
  const login = bareHttps(origin, "/api/v1/auth/tokens", JSON_TYPE, {
    grant_type: "password",
    username,
    password,
  });
  const { jwt } = (await login.call()) as { jwt: string };
  await login.close();
  const headers = { ...JSON_TYPE, authorization: `Bearer ${jwt}` };
  return bareHttps(origin, "/api/v1/crypto/encrypt", headers, {
    id: keyPath["keyId"],
    plaintext: KEY.toString("base64"),
    mode: "gcm",
  });
}

/** A request over TLS whose answer is parsed, and nothing more. */
function bareHttps(
  origin: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  content: object,
): Caller {
  const pool = new Pool(origin, { connections: 1 });
  return {
    async call() {
      const body = JSON.stringify(content);
      const answer = await pool.request({ method: "POST", path, headers, body });
      if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`);
      return answer.body.json();
    },
    close: () => pool.close(),
  };
}
