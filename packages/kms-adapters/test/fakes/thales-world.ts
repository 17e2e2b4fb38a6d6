import { AddressPolicy } from "../../src/http/address-policy.ts";
import type { Resolve } from "../../src/http/resolver.ts";
import { type ThalesKmsOptions, thalesKms } from "../../src/thales/index.ts";
import { loopback } from "./loopback.ts";
import { FakeThales, type ThalesUser } from "./thales.ts";
import type { TroubleWorld } from "./trouble.ts";
import { makeCertificate, startVendorServer, type VendorServer } from "./vendor-server.ts";

export const keyName = "tenant-documents";

/** A manager with a certificate of its own authority, one key, and a user who may use it. */
export interface ThalesWorld {
  readonly manager: FakeThales;
  readonly server: VendorServer;
  readonly user: ThalesUser;
  readonly keyId: string;
  /** What a tenant configures to reach it. */
  readonly options: (change?: ThalesChange) => ThalesKmsOptions;
}

export interface ThalesChange {
  readonly resolve?: Resolve;
  readonly caCertificate?: string;
  readonly path?: object;
  readonly credentials?: object;
}

export async function startThales(): Promise<ThalesWorld> {
  const host = "cm.acme.example";
  const manager = new FakeThales();
  const keyId = manager.createKey(keyName);
  const user = manager.createUser();
  const certificate = await makeCertificate(host);
  const server = await startVendorServer((request) => manager.answer(request), certificate);
  return {
    manager,
    server,
    user,
    keyId,
    options: ({ resolve = loopback, caCertificate, path = {}, credentials = {} } = {}) => ({
      keyPath: { serviceUrl: `https://${host}:${server.port}`, keyId: keyName, ...path },
      credentials: {
        username: user.name,
        password: user.password,
        caCertificate: caCertificate ?? certificate.cert,
        ...credentials,
      },
      policy: new AddressPolicy({ allowedHosts: [`${host}:${server.port}`], resolve }),
    }),
  };
}

export async function startThalesTrouble(): Promise<TroubleWorld> {
  const { server, user, options } = await startThales();
  return {
    server,
    paths: { token: "/auth/tokens", wrap: "/crypto/encrypt", unwrap: "/crypto/decrypt" },
    driver: (change) => thalesKms(options(change)),
    complaint: (message) => ({ code: 9, codeDesc: "NCERRInvalidParamValue: no", message }),
    secrets: [user.password],
  };
}
