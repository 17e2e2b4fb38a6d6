import { networkInterfaces } from "node:os";
import {
  API_KEY,
  type DataFolder,
  get,
  Program,
  proxyEnvironment,
  runProgram,
  selfSignedCertificate,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { freePort, takenPort } from "./support/ports.ts";
import { body, outcome, post, WRAP, wrap } from "./support/requests.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1");

/** Starts a proxy that must give up, and gives what it printed. */
async function givesUp(env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await runProgram(["start"], { env });
  expect(code).toBe(78);
  return stdout + stderr;
}

describe("a start with wrong settings", () => {
  it("names everything that is missing", async () => {
    const output = await givesUp({});

    expect(output).toContain("API_KEY");
    expect(output).toContain("TSP_CONFIG_FILE");
  });

  it("names what a misspelt name is nearest to", async () => {
    const output = await givesUp({ API_KEY: "a-key-of-16-bytes", TSP_CONFG_FILE: "tenants.yaml" });

    expect(output).toContain("TSP_CONFIG_FILE is not set");
    expect(output).toContain('"TSP_CONFG_FILE" is not known: the nearest name is TSP_CONFIG_FILE');
  });

  it("names every mistake at once, and no secret", async () => {
    const output = await givesUp({
      API_KEY: "too-short!",
      TSP_CONFIG_FILE: "/nonexistent/tenants.yaml",
      TSP_MAX_BODY_BYTES: "lots",
      TSP_MAX_BATCH_SIZE: "999",
      TSP_EVENT_MODE: "sometimes",
      TSP_HTTP_BIND_ADDRESS: "127.0.0.1:99999",
      TSP_HEALTH_BIND_ADDRESS: "not an address",
      TSP_TLS_CERT_FILE: "/nonexistent/server.crt",
      TSP_EVENT_CURVE_SECRET_KEY_FILE: "/nonexistent/curve.key",
      TSP_KMS_ALLOWED_HOSTS: "https://",
      LOG_LEVEL: "shout",
    });

    for (const name of [
      "API_KEY",
      "TSP_MAX_BODY_BYTES",
      "TSP_MAX_BATCH_SIZE",
      "TSP_EVENT_MODE",
      "TSP_HTTP_BIND_ADDRESS",
      "TSP_HEALTH_BIND_ADDRESS",
      "TSP_TLS_KEY_FILE",
      "TSP_EVENT_CURVE_PUBLIC_KEY_FILE",
      "TSP_KMS_ALLOWED_HOSTS",
      "LOG_LEVEL",
    ]) {
      expect(output).toContain(name);
    }
    expect(output).not.toContain("too-short!");
    expect(output).not.toMatch(/\n\s+at /);
  });

  it.for([
    [
      "a member that is missing",
      (folder: DataFolder) => folder.file("absent.json"),
      /absent\.json/,
    ],
    ["a folder", (folder: DataFolder) => folder.path, /folder|directory|regular file/i],
    ["no YAML", (folder: DataFolder) => folder.write("x.yaml", "a: [1, 2"), /x\.yaml/],
    ["an empty file", (folder: DataFolder) => folder.write("x.yaml", ""), /x\.yaml/],
    ["another version", (folder: DataFolder) => folder.write("x.yaml", "version: 2"), /version/],
  ] as const)("tells that the configuration file is %s", async ([, file, message]) => {
    const folder = temporaryFolder();
    const env = { ...proxyEnvironment(folder), TSP_CONFIG_FILE: file(folder) };

    expect(await givesUp(env)).toMatch(message);
  });

  it("tells every duplicate and dangling id of the configuration file", async () => {
    const folder = temporaryFolder();
    const { kmsConfigurations, tenants } = localTenants(folder);
    const dangling = { id: "dangling", configurations: [{ id: 404_404 }] };
    folder.configure({
      version: 1,
      kmsConfigurations: [...kmsConfigurations, ...kmsConfigurations.slice(0, 1)],
      tenants: [...tenants, { id: "leased", configurations: [] }, dangling],
    });

    const output = await givesUp(proxyEnvironment(folder));

    expect(output).toContain("404404");
    expect(output).toMatch(/duplicate|twice|already/i);
    expect(output).toContain("leased");
    expect(output).toContain("11");
  });
});

describe("a start with a port in use", () => {
  it.for([
    ["HTTP", "TSP_HTTP_BIND_ADDRESS"],
    ["health", "TSP_HEALTH_BIND_ADDRESS"],
    ["events", "TSP_EVENT_BIND_ADDRESS"],
  ] as const)("gives up in one line for %s", async ([, name]) => {
    const port = await takenPort();
    const env = {
      ...proxyEnvironment(temporaryFolder()),
      TSP_ENABLE_LOGDRIVER_INTEGRATION: "true",
      [name]: `127.0.0.1:${port}`,
    };

    const output = await givesUp(env);

    const told = output.split("\n").filter((line) => line.includes(String(port)));
    expect(told).toEqual([expect.stringMatching(new RegExp(`${name}: .*in use`, "i"))]);
  });
});

describe("a start with TLS", () => {
  it.for([
    ["files that are missing", () => undefined],
    [
      "a key of another certificate",
      (folder: DataFolder) => {
        folder.write("server.crt", selfSignedCertificate().cert);
        folder.write("server.key", selfSignedCertificate().key);
      },
    ],
    [
      "files that hold no PEM",
      (folder: DataFolder) => {
        folder.write("server.crt", "nothing");
        folder.write("server.key", "nothing");
      },
    ],
  ] as const)("gives up with %s", async ([, prepare]) => {
    const folder = temporaryFolder();
    prepare(folder);
    const env = {
      ...proxyEnvironment(folder),
      TSP_TLS_CERT_FILE: folder.file("server.crt"),
      TSP_TLS_KEY_FILE: folder.file("server.key"),
    };

    expect(await givesUp(env)).toMatch(/TLS|certificate|server\.(crt|key)/);
  });
});

describe("a start that works", () => {
  it("is alive and not ready as long as it reads its configuration", async () => {
    const folder = temporaryFolder();
    const { kmsConfigurations, tenants } = localTenants(folder);
    const many = Array.from({ length: 60_000 }, (_, index) => ({
      id: `tenant-${index}`,
      configurations: [{ id: 11, active: true, primary: true }],
    }));
    folder.configure({ version: 1, kmsConfigurations, tenants: [...tenants, ...many] });
    const port = await freePort();
    const env = { ...proxyEnvironment(folder), TSP_HEALTH_BIND_ADDRESS: `127.0.0.1:${port}` };
    const program = new Program(["start"], { env });
    onTestFinished(async () => {
      await program.stop("SIGKILL");
    });
    const probe = (path: string) =>
      get(`http://127.0.0.1:${port}${path}`).then(
        ({ status }) => status,
        () => 0,
      );

    const seen: string[] = [];
    await eventually(
      async () => {
        const statuses = await Promise.all(["/live", "/ready", "/health"].map(probe));
        if (!statuses.includes(0) && seen.at(-1) !== statuses.join()) seen.push(statuses.join());
        return statuses;
      },
      ([, ready]) => ready === 200,
    );

    expect(seen[0]).toBe("200,500,500");
    expect(seen.at(-1)).toBe("200,200,200");
  });

  it("warns of an unknown setting and names the nearest one", async () => {
    const { program } = await temporaryProxy({ env: { TSP_MAX_BODY_BYTE: "1" } });

    const warning = program.log.find((line) =>
      JSON.stringify(line).includes("TSP_MAX_BODY_BYTE\\b"),
    );
    const lines = program.stdout.split("\n").filter((line) => line.includes("TSP_MAX_BODY_BYTE"));
    expect(warning ?? lines.join("\n")).toContain("TSP_MAX_BODY_BYTES");
  });

  it("accepts both API keys and no third", async () => {
    const second = "c2Vjb25kLWFwaS1rZXk=";
    const { url } = await temporaryProxy({ env: { API_KEY_2: second } });
    const outcomes = [API_KEY, second, "dGhpcmQtYXBpLWtleQ=="].map(async (key) => {
      const headers = { authorization: `cmk ${key}` };
      return (await post(url, WRAP, body("leased"), { headers })).status;
    });

    expect(await Promise.all(outcomes)).toEqual([200, 200, 401]);
  });

  it.runIf(HAS_IPV6)("listens on IPv6", async () => {
    const { url } = await temporaryProxy({
      env: { TSP_BIND_ADDRESS: "::1", TSP_HTTP_BIND_ADDRESS: "[::1]:0" },
    });

    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await wrap(url, "leased")).dek).toHaveLength(44);
  });

  it.for([["LOG_LEVEL"], ["RUST_LOG"]])(
    "says nothing but warnings with %s=warn",
    async ([name = ""]) => {
      const [http, health] = [await freePort(), await freePort()];
      const env = {
        ...proxyEnvironment(temporaryFolder()),
        TSP_HTTP_BIND_ADDRESS: `127.0.0.1:${http}`,
        TSP_HEALTH_BIND_ADDRESS: `127.0.0.1:${health}`,
        [name]: "warn",
      };
      const program = new Program(["start"], { env });
      onTestFinished(async () => {
        await program.stop("SIGKILL");
      });

      const ready = () =>
        get(`http://127.0.0.1:${health}/ready`).then(
          ({ status }) => status,
          () => 0,
        );
      expect(await eventually(ready, (status) => status === 200)).toBe(200);
      await wrap(`http://127.0.0.1:${http}`, "leased");
      await program.stop();

      expect(program.stdout + program.stderr).toBe("");
    },
  );

  it("opens no event socket when events are off", async () => {
    const { eventsUrl, program } = await temporaryProxy();

    expect(eventsUrl).toBe("");
    expect(program.running).toBe(true);
  });

  it("serves the good tenants although another's configuration cannot be used", async () => {
    const folder = temporaryFolder();
    const { kmsConfigurations, tenants } = localTenants(folder);
    folder.configure({
      version: 1,
      kmsConfigurations: [
        ...kmsConfigurations,
        { id: 21, type: "UNHEARD_OF", keyPath: {}, credentials: {} },
        { id: 22, type: "LOCAL", keyPath: { keyName: "k" }, credentials: { keys: [] } },
        {
          id: 23,
          type: "LOCAL",
          keyPath: { keyName: "k" },
          credentials: { keys: [{ version: 1, key: { fromFile: "absent.key" } }] },
        },
        {
          id: 24,
          type: "LOCAL",
          keyPath: { keyName: "k" },
          credentials: { keys: [{ version: 1, key: { fromEnv: "TSP_TEST_ABSENT" } }] },
        },
      ],
      tenants: [
        ...tenants,
        ...[21, 22, 23, 24].map((id) => ({
          id: `broken-${id}`,
          configurations: [{ id, active: true, primary: true }],
        })),
      ],
    });
    const { url } = await temporaryProxy({ folder });

    expect((await wrap(url, "leased")).dek).toHaveLength(44);
    for (const id of [21, 22, 23, 24]) {
      expect(outcome(await post(url, WRAP, body(`broken-${id}`)))).toEqual([422, 207]);
    }
  });

  it("shows the help of every subcommand", async () => {
    const { code, stdout } = await runProgram(["--help"]);

    expect(code).toBe(0);
    for (const name of ["start", "check", "verify", "inspect-edek", "secrets", "init"]) {
      expect(stdout).toContain(name);
      const help = await runProgram([name, "--help"]);
      expect([help.code, help.stdout.length > 100]).toEqual([0, true]);
    }
  });
});
