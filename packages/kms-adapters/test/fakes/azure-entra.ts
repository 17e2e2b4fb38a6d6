import { randomBytes } from "node:crypto";
import type { VendorAnswer, VendorRequest } from "./vendor-server.ts";

export type AzurePermission = "wrapKey" | "unwrapKey" | "get" | "create";

export interface EntraApp {
  readonly clientId: string;
  readonly secret: string;
  readonly permissions: Set<AzurePermission>;
  state: "active" | "disabled" | "secret expired";
}

export interface EntraToken {
  readonly app: EntraApp;
  readonly audience: string;
  readonly expires: number;
}

/** The token endpoint of Entra ID, from its public reference; errors by their AADSTS numbers. */
export class FakeEntra {
  readonly tenantGuid = "11111111-2222-4333-8444-555555555555";
  readonly #apps = new Map<string, EntraApp>();
  readonly #tokens = new Map<string, EntraToken>();
  readonly #now: () => number;
  lifetimeSeconds = 3_599;
  tenantBlocked = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  createApp(...permissions: readonly AzurePermission[]): EntraApp {
    const app: EntraApp = {
      clientId: crypto.randomUUID(),
      secret: `S8~${randomBytes(24).toString("base64url")}&=+`,
      permissions: new Set(permissions),
      state: "active",
    };
    this.#apps.set(app.clientId, app);
    return app;
  }

  revokeAll(): void {
    this.#tokens.clear();
  }

  holder(authorization: string | undefined): EntraToken | undefined {
    const token = this.#tokens.get(/^Bearer (\S+)$/.exec(authorization ?? "")?.[1] ?? "");
    return token && token.expires > this.#now() ? token : undefined;
  }

  issue(app: EntraApp, audience: string): string {
    const token = randomBytes(120).toString("base64url");
    const expires = this.#now() + this.lifetimeSeconds * 1_000;
    this.#tokens.set(token, { app, audience, expires });
    return token;
  }

  answer({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const tenant = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path)?.[1];
    if (method !== "POST" || tenant === undefined) return { status: 404, body: {} };
    if (tenant !== this.tenantGuid) {
      return refuse(400, "invalid_request", `AADSTS90002: Tenant '${tenant}' not found.`);
    }
    if (headers["content-type"] !== "application/x-www-form-urlencoded") {
      return refuse(400, "invalid_request", "AADSTS900144: The request body must contain a grant.");
    }
    return this.#check(new URLSearchParams(body));
  }

  #check(form: URLSearchParams): VendorAnswer {
    if (this.tenantBlocked) {
      const text = "AADSTS5000225: This tenant has been blocked due to inactivity.";
      return refuse(400, "invalid_request", text);
    }
    if (form.get("grant_type") !== "client_credentials") {
      return refuse(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.");
    }
    const app = this.#apps.get(form.get("client_id") ?? "");
    if (app === undefined) {
      const text = "AADSTS700016: Application was not found in the directory.";
      return refuse(400, "unauthorized_client", text);
    }
    if (app.state === "disabled") {
      const text = `AADSTS7000112: Application '${app.clientId}' is disabled.`;
      return refuse(400, "unauthorized_client", text);
    }
    if (form.get("client_secret") !== app.secret) {
      const text =
        "AADSTS7000215: Invalid client secret provided. Ensure it is the secret's value.";
      return refuse(401, "invalid_client", text);
    }
    if (app.state === "secret expired") {
      return refuse(401, "invalid_client", "AADSTS7000222: The provided client secret is expired.");
    }
    const resource = /^(https:\/\/[\w.]+)\/\.default$/.exec(form.get("scope") ?? "")?.[1];
    if (resource === undefined) {
      return refuse(
        400,
        "invalid_scope",
        "AADSTS70011: The provided value for scope is not valid.",
      );
    }
    const expires_in = this.lifetimeSeconds;
    const access_token = this.issue(app, resource);
    return { status: 200, body: { token_type: "Bearer", expires_in, access_token } };
  }
}

function refuse(status: number, error: string, text: string): VendorAnswer {
  const number = Number(/^AADSTS(\d+)/.exec(text)?.[1]);
  const error_description = `${text}\r\nTrace ID: 0000\r\nTimestamp: 2026-11-23 20:00:00Z`;
  return { status, body: { error, error_description, error_codes: [number] } };
}
