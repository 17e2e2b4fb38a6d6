import { beforeAll, expect, onTestFinished } from "vitest";
import { AddressPolicy } from "../../src/http/address-policy.ts";
import { HttpClient, type HttpClientOptions } from "../../src/http/client.ts";
import type { RawAnswer } from "../../src/http/exchange.ts";
import {
  type Certificate,
  makeCertificate,
  startVendorServer,
  type VendorServer,
} from "../fakes/vendor-server.ts";

export interface EchoClientOptions extends Partial<HttpClientOptions> {
  readonly allowedHosts?: readonly string[];
  readonly resolve?: () => Promise<never>;
  readonly tls?: boolean;
}

/** A TLS server that answers with what it got, and clients that trust it. */
export interface Echo {
  readonly server: () => VendorServer;
  readonly certificate: () => Certificate;
  readonly client: (options?: EchoClientOptions, port?: number) => HttpClient;
  readonly get: (path: string, from?: HttpClient) => Promise<Pick<RawAnswer, "status">>;
  /** The error of a request that must not succeed. */
  readonly failed: (path: string, from?: HttpClient) => Promise<unknown>;
}

export function useEcho(): Echo {
  let certificate: Certificate;
  let server: VendorServer;

  beforeAll(async () => {
    certificate = await makeCertificate("localhost");
    server = await startVendorServer(
      ({ body, headers }) => ({ status: 200, body: { body, type: headers["content-type"] } }),
      certificate,
    );
    return () => server.close();
  });

  function client(options: EchoClientOptions = {}, port: number = server.port): HttpClient {
    const { allowedHosts = [`localhost:${port}`], resolve, tls = true, ...rest } = options;
    const policy = new AddressPolicy({ allowedHosts, ...(resolve && { resolve }) });
    const address = policy.admit(`http${tls ? "s" : ""}://localhost:${port}`, {});
    const made = new HttpClient({ address, caCertificate: certificate.cert, ...rest });
    onTestFinished(() => made.close());
    return made;
  }

  const get: Echo["get"] = (path, from = client()) =>
    from.request({ method: "GET", path, signal: AbortSignal.timeout(10_000) });

  const failed: Echo["failed"] = (path, from) =>
    get(path, from).then(
      () => expect.unreachable("the request succeeded"),
      (error: unknown) => error,
    );

  return { server: () => server, certificate: () => certificate, client, get, failed };
}
