import {
  FakeVault,
  honest,
  localConfiguration,
  primary,
  refusing,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { aFolder, run } from "./world.ts";

const FORBIDDEN = refusing(403, { errors: ["permission denied"] });

/** Lets everything through but the operation that is missing. */
const mayNot =
  (operation: "encrypt" | "decrypt"): VaultBehaviour =>
  (call) =>
    call.operation === operation ? FORBIDDEN(call) : honest(call);

/** Opens everything as the same key, whatever was wrapped. */
const forgetful: VaultBehaviour = (call) =>
  call.operation === "encrypt"
    ? honest(call)
    : refusing(200, { data: { plaintext: Buffer.alloc(32).toString("base64") } })(call);

describe("verify", () => {
  it("says of each configuration what works and which permission is missing", async () => {
    const { file, env } = await world({
      works: honest,
      "no-encrypt": mayNot("encrypt"),
      "no-decrypt": mayNot("decrypt"),
    });

    const { code, out, err } = await run(["verify", "--config", file], env);

    expect([code, err]).toEqual([1, expect.stringMatching(/^2 of 4 configurations work\.$/m)]);
    expect(out.split(/^(?=configuration)/m)).toEqual([
      expect.stringMatching(
        /^configuration 1 \(LOCAL\)\n {2}wrap +works.*\n {2}unwrap +works.*\n$/,
      ),
      expect.stringMatching(
        /^configuration 2 \(VAULT\)\n {2}wrap +works.*\n {2}unwrap +works.*\n$/,
      ),
      expect.stringMatching(
        /^configuration 3 .*\n {2}wrap +FAILED with code 206.*\n +it needs .*\/encrypt\/.*\n {2}unwrap +not tried\n$/,
      ),
      expect.stringMatching(
        /^configuration 4 .*\n {2}wrap +works.*\n {2}unwrap +FAILED with code 206.*\n +it needs .*\/decrypt\/.*\n$/,
      ),
    ]);
  });

  it("tries one configuration, and exits with 0 when it works", async () => {
    const { file, env, vault } = await world({ works: honest, "no-encrypt": mayNot("encrypt") });

    const { code, out } = await run(
      ["verify", "--config", file, "--configuration", "2", "--json"],
      env,
    );

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      configurationId: 2,
      type: "VAULT",
      wrap: { result: "works" },
      unwrap: { result: "works" },
    });
    expect([vault.calls.get("works"), vault.calls.get("no-encrypt")]).toEqual([2, undefined]);
  });

  it("tells a KMS that gives back another key", async () => {
    const { file, env } = await world({ forgetful });

    const { code, out } = await run(["verify", "--config", file], env);

    expect(code).toBe(1);
    expect(out).toMatch(/FAILED with code 205: .*another key/);
  });

  it("tells a KMS that nobody reaches", async () => {
    const { file, env, vault } = await world({ works: honest });
    await vault.close();

    const { code, out } = await run(["verify", "--config", file], env);

    expect(code).toBe(1);
    expect(out).toContain("FAILED with code 208");
  });

  it("tells a configuration that cannot be used as written, and tries the others", async () => {
    const folder = aFolder((it) => ({
      version: 1,
      kmsConfigurations: [
        { id: 1, type: "UNHEARD_OF", keyPath: {}, credentials: {} },
        localConfiguration(2, { keyFiles: ["absent.key"] }),
        localConfiguration(3, { keyFiles: [it.key("good.key")] }),
      ],
      tenants: [{ id: "acme", configurations: [primary(3)] }],
    }));

    const { code, out, err } = await run(["verify", "--config", folder.configFile]);

    expect([code, err]).toEqual([1, "1 of 3 configurations work.\n"]);
    expect(out).toMatch(/configuration 1 \(unknown\)\n {2}wrap +FAILED with code 207/);
    expect(out).toMatch(/configuration 2 \(LOCAL\)\n {2}wrap +FAILED with code 207: .*absent\.key/);
  });

  it.for([
    ["a configuration that is not there", ["--configuration", "99"], 64, /no KMS configuration 99/],
    ["a file that is not there", ["--config", "/nonexistent/t.yaml"], 78, /t\.yaml/],
  ] as const)("refuses %s", async ([, args, expected, message]) => {
    const folder = aFolder((it) => ({
      version: 1,
      kmsConfigurations: [localConfiguration(1, { keyFiles: [it.key("good.key")] })],
      tenants: [],
    }));

    const { code, out, err } = await run(["verify", ...args], {
      TSP_CONFIG_FILE: folder.configFile,
    });

    expect([code, out]).toEqual([expected, ""]);
    expect(err).toMatch(message);
  });
});

/** One local configuration, and one for each behaviour of a Vault. */
async function world(behaviours: Readonly<Record<string, VaultBehaviour>>) {
  const vault = await FakeVault.start(behaviours);
  onTestFinished(() => vault.close());
  const folder = aFolder((it) => ({
    version: 1,
    kmsConfigurations: [
      localConfiguration(1, { keyFiles: [it.key("local.key")] }),
      ...Object.keys(behaviours).map((keyName, index) =>
        vaultConfiguration(index + 2, { address: vault.url, keyName }),
      ),
    ],
    tenants: [{ id: "acme", configurations: [primary(1)] }],
  }));
  return { vault, file: folder.configFile, env: { TSP_KMS_ALLOWED_HOSTS: vault.url } };
}
