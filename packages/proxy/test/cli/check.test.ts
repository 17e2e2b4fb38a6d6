import {
  API_KEY,
  localConfiguration,
  primary,
  selfSignedCertificate,
} from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { curveKeyPair } from "zeromq";
import { aFolder, run } from "./world.ts";

describe("check", () => {
  it("finds nothing wrong with good settings and a good file", async () => {
    const { code, out, err } = await check(aFolder(goodDocument).configFile);

    expect([code, err]).toEqual([0, "No mistakes.\n"]);
    expect(out).toContain("1 tenants, 1 KMS configurations");
  });

  it("reports mistakes of settings and of the file together", async () => {
    const folder = aFolder();
    const file = folder.write("tenants.yaml", "version: 1\nkmsConfigurations: 5\ntenants: 6\n");
    const env = { API_KEY: "short", TSP_MAX_BODY_BYTES: "lots", TSP_EVENT_MODE: "sometimes" };

    const { code, out, err } = await check(file, env);

    expect(code).toBe(78);
    for (const name of [...Object.keys(env), "kmsConfigurations", "tenants"]) {
      expect(out).toContain(name);
    }
    expect(err).toBe("Mistakes: 5.\n");
    expect(out).not.toContain('"short"');
  });

  it("reports every configuration that cannot be used, and why", async () => {
    const folder = aFolder((it) => ({
      version: 1,
      kmsConfigurations: [
        localConfiguration(1, { keyFiles: [it.key("good.key")] }),
        { id: 2, type: "UNHEARD_OF", keyPath: {}, credentials: {} },
        localConfiguration(3, { keyFiles: ["absent.key"] }),
        localConfiguration(4, { keyFiles: [it.key("short.key", Buffer.alloc(5))] }),
        {
          id: 5,
          type: "VAULT",
          keyPath: { address: "http://127.0.0.1", mountPath: "transit", keyName: "k" },
          credentials: { token: "t" },
        },
      ],
      tenants: [{ id: "acme", configurations: [primary(1)] }],
    }));

    const { code, out, err } = await check(folder.configFile);

    expect([code, err]).toEqual([78, "Mistakes: 4.\n"]);
    expect(out).toMatch(/UNHEARD_OF/);
    expect(out).toMatch(/absent\.key/);
    for (const id of [2, 3, 4, 5]) expect(out).toMatch(new RegExp(`configuration ${id}\\b`));
    expect(out).not.toMatch(/configuration 1\b/);
  });

  it("reports unknown fields, and does not fail because of them", async () => {
    const folder = aFolder((it) => ({
      ...goodDocument(it),
      tenants: [{ id: "acme", configurations: [primary(1)], keyLeasingRequierd: true }],
    }));

    const { code, out } = await check(folder.configFile);

    expect(code).toBe(0);
    expect(out).toMatch(/^warning: .*keyLeasingRequierd/m);
  });

  it("reports a tenant that requires leasing where its primary does not allow it", async () => {
    const folder = aFolder((it) => ({
      ...goodDocument(it),
      tenants: [{ id: "acme", configurations: [primary(1)], keyLeasingRequired: true }],
    }));

    const { code, out } = await check(folder.configFile);

    expect(code).toBe(78);
    expect(out).toMatch(/leasing/i);
  });

  it("reports TLS and CURVE files that cannot be used", async () => {
    const folder = aFolder(goodDocument);
    const [ours, theirs] = [selfSignedCertificate(), selfSignedCertificate()];
    const env = {
      TSP_TLS_CERT_FILE: folder.write("server.crt", ours.cert),
      TSP_TLS_KEY_FILE: folder.write("server.key", theirs.key),
      TSP_EVENT_CURVE_PUBLIC_KEY_FILE: folder.write("public.key", curveKeyPair().publicKey),
      TSP_EVENT_CURVE_SECRET_KEY_FILE: folder.write("secret.key", curveKeyPair().secretKey),
    };

    const { code, out, err } = await check(folder.configFile, env);

    expect([code, err]).toEqual([78, "Mistakes: 2.\n"]);
    expect(out).toMatch(/^TLS: .*server\.key/m);
    expect(out).toMatch(/^CURVE: /m);
  });

  it("accepts TLS and CURVE files that belong together", async () => {
    const folder = aFolder(goodDocument);
    const [tls, curve] = [selfSignedCertificate(), curveKeyPair()];
    const env = {
      TSP_TLS_CERT_FILE: folder.write("server.crt", tls.cert),
      TSP_TLS_KEY_FILE: folder.write("server.key", tls.key),
      TSP_EVENT_CURVE_PUBLIC_KEY_FILE: folder.write("public.key", curve.publicKey),
      TSP_EVENT_CURVE_SECRET_KEY_FILE: folder.write("secret.key", curve.secretKey),
    };

    const { code, out } = await check(folder.configFile, env);

    expect(code).toBe(0);
    expect(out).toMatch(/^TLS: .*server\.crt ends on \d{4}-\d\d-\d\dT[\d:.]+Z$/m);
  });

  it("warns of a certificate that ends soon, and takes one that has ended for a mistake", async () => {
    const folder = aFolder(goodDocument);
    const checked = async (days: number) => {
      const { cert, key } = selfSignedCertificate({ days });
      return check(folder.configFile, {
        TSP_TLS_CERT_FILE: folder.write("server.crt", cert),
        TSP_TLS_KEY_FILE: folder.write("server.key", key),
      });
    };

    const soon = await checked(13);
    expect(soon.code).toBe(0);
    expect(soon.out).toMatch(/^warning: TLS: .*server\.crt ends on /m);
    const ended = await checked(-1);
    expect([ended.code, ended.err]).toEqual([78, "Mistakes: 1.\n"]);
    expect(ended.out).toMatch(/^TLS: .*server\.crt has ended, on /m);
  });

  it("warns of a setting that nobody knows", async () => {
    const env = { TSP_MAX_BODY_BYTE: "1" };
    const { code, out } = await check(aFolder(goodDocument).configFile, env);

    expect([code, out]).toEqual([0, expect.stringMatching(/^warning: .*TSP_MAX_BODY_BYTES/m)]);
  });

  it("takes the file from --config before TSP_CONFIG_FILE", async () => {
    const { configFile } = aFolder(goodDocument);
    const env = { API_KEY, TSP_CONFIG_FILE: "/nonexistent/tenants.yaml" };

    expect((await run(["check", "--config", configFile], env)).code).toBe(0);
    expect((await run(["check"], env)).code).toBe(78);
  });
});

function goodDocument(folder: Parameters<NonNullable<Parameters<typeof aFolder>[0]>>[0]) {
  return {
    version: 1 as const,
    kmsConfigurations: [localConfiguration(1, { keyFiles: [folder.key("good.key")] })],
    tenants: [{ id: "acme", configurations: [primary(1)] }],
  };
}

function check(file: string, env: Readonly<Record<string, string>> = {}) {
  return run(["check"], { API_KEY, TSP_CONFIG_FILE: file, ...env });
}
