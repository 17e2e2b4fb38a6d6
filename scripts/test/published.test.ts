import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Application } from "./published/application.ts";
import {
  filesIn,
  manifests,
  packAll,
  type Packed,
  type PackageName,
  publishedManifest,
  ROOT,
} from "./published/packed.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let packed: Packed;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenant-security-packed-"));
  packed = await packAll(folder);
  return () => rmSync(folder, { recursive: true, force: true });
});

/** An application with one package installed, for all tests of a group. */
function applicationWith(name: PackageName, bare = false): () => Application {
  let application: Application;
  beforeAll(async () => {
    application = await Application.with(name, { packed, bare });
  });
  afterAll(() => application.remove());
  return () => application;
}

describe.for(manifests())("the package $name", ({ name }) => {
  it("holds what was built, its license and its introduction, and nothing else", async () => {
    const files = await filesIn(packed[name]!);

    const others = files.filter((file) => !file.startsWith("dist/"));
    expect(others.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
    expect(files).toContain("dist/index.js");
    expect(files).toContain("dist/index.d.ts");
  });

  it("has a manifest that says all that npm asks for, and nothing of the workspace", async () => {
    const manifest = await publishedManifest(packed[name]!);

    expect(manifest).toMatchObject({
      license: "Apache-2.0",
      description: expect.stringMatching(/\w{3}/),
      engines: { node: "^22.19.0 || ^24.11.0 || >=26" },
      publishConfig: { access: "public", provenance: true },
    });
    expect(JSON.stringify({ ...manifest, devDependencies: {} })).not.toMatch(
      /catalog:|workspace:|@tenant-security\/source|src\//,
    );
  });
});

describe("kms-adapters, installed alone", () => {
  const application = applicationWith("@tenant-security/kms-adapters", true);
  const { dependencies, publishConfig } = manifests().find(({ name }) => /kms/.test(name))!;
  const paths = Object.keys(publishConfig["exports"] as object);

  it("brings no SDK along", () => {
    expect(Object.keys(dependencies)).toEqual(["undici"]);
  });

  it("wraps a key and unwraps it", async () => {
    const printed = await application().evaluate(`
      import { randomBytes } from "node:crypto";
      import { Kms } from "@tenant-security/kms-adapters";
      import { localKms } from "@tenant-security/kms-adapters/local";

      const keys = [{ version: 1, key: randomBytes(32) }];
      const kms = new Kms(localKms({ keyName: "documents", keys }));
      const dek = randomBytes(32);
      const opened = await kms.unwrap(await kms.wrap(dek));
      console.log(Buffer.compare(opened, dek));
      await kms.close();
    `);

    expect(printed).toBe("0");
  });

  it.for(paths.filter((path) => !/aws|conf/.test(path)))(
    "can be imported by %s without any SDK",
    async (path) => {
      const specifier = JSON.stringify(`@tenant-security/kms-adapters${path.slice(1)}`);
      const code = `console.log(typeof await import(${specifier}))`;

      expect(await application().evaluate(code)).toBe("object");
    },
  );

  it("says which package is missing for AWS", async () => {
    const printed = await application().evaluate(`
      await import("@tenant-security/kms-adapters/aws").catch(({ message }) => console.log(message));
    `);

    expect(printed).toContain("Cannot find package '@aws-sdk/client-kms'");
  });

  it("needs one package for AWS, and says which other one a role needs", async () => {
    application().link("@aws-sdk/client-kms", join(ROOT, "packages/kms-adapters"));

    const printed = await application().evaluate(`
      import { Kms } from "@tenant-security/kms-adapters";
      import { awsKms } from "@tenant-security/kms-adapters/aws";
      const keyPath = { keyID: "alias/documents", region: "us-east-1" };
      const roleArn = "arn:aws:iam::111122223333:role/tsp";
      const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a-secret", roleArn };
      const kms = new Kms(awsKms({ keyPath, credentials }));
      await kms.wrap(new Uint8Array(32)).catch(({ code, message }) => console.log(code, message));
      await kms.close();
    `);

    expect(printed).toMatch(/^KMS_CONFIG_INVALID .*package @aws-sdk\/client-sts.*is not installed/);
  });
});

describe("event-queue, installed alone", () => {
  const application = applicationWith("@tenant-security/event-queue");

  it("hands an event to a reader", async () => {
    const printed = await application().evaluate(`
      import { EventQueue } from "@tenant-security/event-queue";
      import { createRequire } from "node:module";
      // A reader has zeromq of its own; this one borrows the queue's.
      const queueFile = import.meta.resolve("@tenant-security/event-queue");
      const { Pull } = createRequire(queueFile)("zeromq");

      const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0" });
      const reader = new Pull();
      reader.connect(queue.endpoint);
      console.log(queue.offer('{"event":"one"}'));
      const [frame] = await reader.receive();
      console.log(String(frame));
      await queue.close();
      reader.close();
    `);

    expect(printed.split("\n")).toEqual(["true", '{"event":"one"}']);
  });
});

describe("metrics, installed alone", () => {
  const application = applicationWith("@tenant-security/metrics");

  it("counts, and is scraped", async () => {
    const printed = await application().evaluate(`
      import { createMetrics } from "@tenant-security/metrics";

      const metrics = createMetrics();
      metrics.keyOperations.with({ operation: "wrap" }).inc();
      metrics.tenants.set(12);
      console.log(await metrics.scrape());
      metrics.close();
    `);

    expect(printed.split("\n")).toEqual(
      expect.arrayContaining([
        'tsp_key_operations_total{operation="wrap"} 1',
        "tsp_tenants 12",
        expect.stringMatching(/^process_resident_memory_bytes \d+/),
      ]),
    );
  });
});

describe("deploy-cdk8s, installed with what it asks for", () => {
  const application = applicationWith("@tenant-security/deploy-cdk8s");

  it("makes manifests in somebody's own cdk8s app", async () => {
    const printed = await application().evaluate(`
      import { App } from "cdk8s";
      import { TenantSecurityProxyChart } from "@tenant-security/deploy-cdk8s";

      const app = new App();
      new TenantSecurityProxyChart(app, "tenant-security-proxy", { image: "proxy:1" });
      console.log(app.synthYaml());
    `);

    expect(printed).toContain("kind: Deployment");
    expect(printed).toContain("image: proxy:1");
  });

  it("renders the same manifests by its program and by its function", async () => {
    writeFileSync(join(application().path, "settings.yaml"), "image: proxy:1");

    const program = await application().execute("tsp-manifests", ["settings.yaml"]);
    const printed = await application().evaluate(`
      import { renderManifests } from "@tenant-security/deploy-cdk8s";
      console.log(renderManifests({ image: "proxy:1" }));
    `);

    expect(printed).toContain("kind: Deployment");
    expect([program.code, program.stdout.trim()]).toEqual([0, printed]);
  });

  it("tells what is wrong with a settings file", async () => {
    writeFileSync(join(application().path, "wrong.yaml"), "replicas: 2");

    expect(await application().execute("tsp-manifests", ["wrong.yaml"])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("image"),
    });
  });
});

describe("proxy, installed alone", () => {
  const application = applicationWith("@tenant-security/proxy");
  const PROGRAM = "tenant-security-proxy";

  it("explains itself", async () => {
    const { code, stdout } = await application().execute(PROGRAM, ["--help"]);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/Usage: tenant-security-proxy/)]);
  });

  it("makes a configuration and finds nothing wrong with it", async () => {
    const made = await application().execute(PROGRAM, ["init", "checked"]);
    const checked = await application().execute(PROGRAM, ["check"], {
      API_KEY: "dGVzdC1hcGkta2V5",
      TSP_CONFIG_FILE: join(application().path, "checked/tenants.yaml"),
    });

    expect([made.code, checked.code, checked.stderr]).toEqual([0, 0, "No mistakes.\n"]);
  });

  it("starts, wraps and unwraps a key, and stops", async () => {
    const proxy = await startDemo(application());

    const printed = await application().evaluate(`
      const call = async (path, more) => {
        const response = await fetch("http://${proxy.address}/api/1/document/" + path, {
          method: "POST",
          headers: { authorization: "cmk dGVzdC1hcGkta2V5", "content-type": "application/json" },
          body: JSON.stringify({ tenantId: "acme", iclFields: { requestingId: "me" }, ...more }),
        });
        return response.json();
      };
      const { dek, edek } = await call("wrap");
      console.log(dek === (await call("unwrap", { encryptedDocumentKey: edek })).dek);
    `);

    expect(printed).toBe("true");
    expect(await proxy.stop()).toBe(0);
  });
});

/** The installed program on free ports; killed when the test is over. */
async function startDemo(application: Application) {
  const anyPort = "127.0.0.1:0";
  const program = spawn(application.program("tenant-security-proxy"), ["start", "--demo", "demo"], {
    cwd: application.path,
    env: {
      ...application.env,
      API_KEY: "dGVzdC1hcGkta2V5",
      TSP_HTTP_BIND_ADDRESS: anyPort,
      TSP_HEALTH_BIND_ADDRESS: anyPort,
      TSP_ENABLE_LOGDRIVER_INTEGRATION: "false",
      TSP_DRAIN_DELAY_MS: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => void program.once("close", resolve));
  const address = await new Promise<string>((resolve, reject) => {
    let output = "";
    program.once("error", reject);
    program.once("close", () => reject(new Error(`it ended: ${output}`)));
    program.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const serving = /"http":"([^"]+)"[^\n]*"message":"serving"/.exec(output);
      if (serving?.[1] !== undefined) resolve(serving[1]);
    });
  });
  const stop = () => {
    program.kill("SIGTERM");
    return ended;
  };
  return { address, stop };
}
