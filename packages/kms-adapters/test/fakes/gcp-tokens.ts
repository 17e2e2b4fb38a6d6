import { createPublicKey, type KeyObject, randomBytes, verify } from "node:crypto";
import { nextRsaKey } from "./rsa-keys.ts";
import { jsonObject, type VendorAnswer, type VendorRequest } from "./vendor-server.ts";

export type GcpPermission = "encrypt" | "decrypt";

export interface ServiceAccount {
  readonly email: string;
  /** PKCS#8 PEM, as in the key file. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
  readonly permissions: Set<GcpPermission>;
  disabled: boolean;
}

const AUDIENCE = "https://oauth2.googleapis.com/token";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPES = new Set([
  "https://www.googleapis.com/auth/cloudkms",
  "https://www.googleapis.com/auth/cloud-platform",
]);

/** `oauth2.googleapis.com`, from the public reference of the service-account flow. */
export class GcpTokens {
  readonly #accounts = new Map<string, ServiceAccount>();
  readonly #tokens = new Map<string, { account: ServiceAccount; expires: number }>();
  readonly now: () => number;
  lifetimeSeconds = 3_599;

  constructor(now: () => number) {
    this.now = now;
  }

  createAccount(email: string, ...permissions: readonly GcpPermission[]): ServiceAccount {
    const privateKey = nextRsaKey();
    const account: ServiceAccount = {
      email,
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      publicKey: createPublicKey(privateKey),
      permissions: new Set(permissions),
      disabled: false,
    };
    this.#accounts.set(email, account);
    return account;
  }

  /** Ends every token at once, as a revoked key or a clock that jumped would. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  holder(authorization: string | undefined): ServiceAccount | undefined {
    const token = this.#tokens.get(/^Bearer (\S+)$/.exec(authorization ?? "")?.[1] ?? "");
    return token && token.expires > this.now() ? token.account : undefined;
  }

  issueTo(account: ServiceAccount): VendorAnswer {
    const token = `ya29.${randomBytes(96).toString("base64url")}`;
    const expires = this.now() + this.lifetimeSeconds * 1_000;
    this.#tokens.set(token, { account, expires });
    const body = { access_token: token, expires_in: this.lifetimeSeconds, token_type: "Bearer" };
    return { status: 200, body };
  }

  answer({ method, path, headers, body }: VendorRequest): VendorAnswer {
    if (method !== "POST" || path !== "/token") {
      return { status: 404, body: { error: "not_found" } };
    }
    if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
      return refuse("invalid_request", "Could not determine client ID from request.");
    }
    const form = new URLSearchParams(body);
    if (form.get("grant_type") !== GRANT) {
      return refuse("unsupported_grant_type", `Invalid grant_type: ${form.get("grant_type")}`);
    }
    const problem = this.#check(form.get("assertion") ?? "");
    return typeof problem === "string" ? refuse("invalid_grant", problem) : this.issueTo(problem);
  }

  #check(assertion: string): ServiceAccount | string {
    const [head = "", claims = "", signature = "", ...rest] = assertion.split(".");
    const header = jsonObject(Buffer.from(head, "base64url").toString());
    const payload = jsonObject(Buffer.from(claims, "base64url").toString());
    if (!header || !payload || rest.length > 0 || header["alg"] !== "RS256") return "Bad Request";

    const account = this.#accounts.get(String(payload["iss"]));
    if (account === undefined || account.disabled) return "Invalid grant: account not found";
    const signed = Buffer.from(`${head}.${claims}`);
    if (!verify("sha256", signed, account.publicKey, Buffer.from(signature, "base64url"))) {
      return "Invalid JWT Signature.";
    }
    if (payload["aud"] !== AUDIENCE) return "Invalid JWT: Failed audience check.";
    const { scope } = payload;
    if (typeof scope !== "string" || !scope.split(" ").every((name) => SCOPES.has(name))) {
      return "Invalid OAuth scope or ID token audience provided.";
    }
    return this.#checkTimes(payload) ?? account;
  }

  #checkTimes({ iat, exp }: Record<string, unknown>): string | undefined {
    const now = this.now() / 1_000;
    const sane =
      typeof iat === "number" &&
      typeof exp === "number" &&
      Number.isInteger(iat) &&
      Number.isInteger(exp) &&
      iat <= now + 60 &&
      exp > now &&
      exp - iat <= 3_600;
    return sane
      ? undefined
      : "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe.";
  }
}

function refuse(error: string, error_description: string): VendorAnswer {
  return { status: 400, body: { error, error_description } };
}
