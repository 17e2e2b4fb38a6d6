import { constants } from "node:os";
import { TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import { API_KEY, type DataFolder, EventReader, get } from "@tenant-security/testkit";
import { getContainerRuntimeClient, ImageName } from "testcontainers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { describeWithContainers } from "../../../packages/kms-adapters/test/containers/engine.ts";
import { wrapUntilClosed } from "../../../packages/proxy/test/system/support/clients.ts";
import { packageVersion } from "../../../packages/proxy/src/version.ts";
import { type ContainerProxy, startContainer } from "../../support/image/container.ts";
import { readableFolder } from "../../support/image/folder.ts";
import { BUILD_ARGUMENTS, BUILD_TIMEOUT_MS, proxyImage } from "../../support/image/image.ts";
import { runContainer, startReading } from "../../support/image/run.ts";
import { decrypt, encrypt } from "../../support/kms/documents.ts";

const MAX_UNPACKED_BYTES = 300_000_000;
const DEFAULT_USER = "2:2";
const { SIGTERM } = constants.signals;

describeWithContainers("the image", () => {
  let image: string;
  let folder: DataFolder;

  beforeAll(async () => {
    image = await proxyImage();
    folder = readableFolder();
  }, BUILD_TIMEOUT_MS);
  afterAll(() => folder?.remove());

  describe("as it is on disk", () => {
    it("is smaller than 300 MB and says who made it from what", async () => {
      const { Size, Config } = await inspectImage(image);

      expect(Size).toBeLessThan(MAX_UNPACKED_BYTES);
      expect(Config.Labels).toMatchObject({
        "org.opencontainers.image.title": "Tenant Security Proxy",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.base.name": "node:24-bookworm-slim",
        "org.opencontainers.image.version": BUILD_ARGUMENTS.VERSION,
        "org.opencontainers.image.revision": BUILD_ARGUMENTS.REVISION,
        "org.opencontainers.image.created": BUILD_ARGUMENTS.CREATED,
      });
    });

    it("starts the program itself, as a user without rights", async () => {
      const { Config } = await inspectImage(image);

      expect(Config.User).toBe(DEFAULT_USER);
      expect([Config.Entrypoint, Config.Cmd]).toEqual([["tenant-security-proxy"], ["start"]]);
      expect(Object.keys(Config.ExposedPorts)).toEqual(
        expect.arrayContaining(["7777/tcp", "9000/tcp", "5555/tcp"]),
      );
    });

    it("holds no package manager, no compiler and no library of another platform", async () => {
      const { output } = await runContainer({ image, entrypoint: ["sh", "-c"], command: [LOOK] });

      expect(output.trim().split("\n").toSorted()).toEqual([
        expect.stringMatching(
          /^\/app\/.*\/sodium-native\/prebuilds\/linux-\w+\/sodium-native.node$/,
        ),
        expect.stringMatching(
          /^\/app\/.*\/zeromq\/build\/linux\/\w+\/node\/glibc-[^/]+\/addon.node$/,
        ),
      ]);
    });
  });

  describe("run as a command", () => {
    it("prints the version of the proxy", async () => {
      const { code, output } = await runContainer({ image, command: ["--version"] });

      expect([code, output.trim()]).toEqual([0, packageVersion()]);
    });

    it("exits with 78 and every mistake when the settings are wrong", async () => {
      const env = { TSP_DRAIN_DELAY_MS: "soon", TSP_HTTP_BIND_ADDRESS: "everywhere" };

      const { code, output } = await runContainer({ image, env });

      expect(code).toBe(78);
      for (const name of ["API_KEY", "TSP_CONFIG_FILE", ...Object.keys(env)]) {
        expect(output).toMatch(new RegExp(`^tenant-security-proxy: ${name} `, "m"));
      }
    });
  });

  describe("running with a read-only root and no capability", () => {
    let proxy: ContainerProxy;

    beforeAll(async () => {
      proxy = await startContainer({ image, folder });
    });
    afterAll(() => proxy?.remove());

    it("is ready and healthy", async () => {
      expect((await get(`${proxy.healthUrl}/ready`)).status).toBe(200);
      const check = await proxy.healthCheck();
      expect(check).toEqual(["CMD", "tenant-security-proxy", "health"]);
      expect(await proxy.exec(...check.slice(1))).toMatchObject({ code: 0 });
    });

    it.for(["leased", "unleased"])(
      "serves the published client for a tenant that is %s, and streams the events",
      async (tenant) => {
        const reader = new EventReader(proxy.eventsUrl);
        onTestFinished(() => reader.close());
        const client = new TenantSecurityClient(proxy.url, API_KEY);

        const document = await encrypt(client, tenant, "mine");

        expect(await decrypt(client, tenant, document)).toBe("mine");
        await reader.next((event) => event.iclFields.event === "DATA_DECRYPT");
      },
    );

    it("lets nobody write, not even root", async () => {
      const write = "touch /x /app/x /etc/x /usr/x /var/lib/x; true";

      const { output } = await proxy.execAsRoot("sh", "-c", write);

      expect(output.match(/Read-only file system/g)).toHaveLength(5);
    });

    it("runs as process 1, as that user, with the program's own options of Node", async () => {
      const { output } = await proxy.exec("sh", "-c", "id -u; tr '\\0' ' ' < /proc/1/cmdline");

      const [uid, command] = output.split("\n");
      expect(uid).toBe("2");
      expect(command).toMatch(/^node --max-semi-space-size=8 .*tenant-security-proxy start/);
    });

    it("has no capability left, and gets none", async () => {
      const { output } = await proxy.exec("cat", "/proc/1/status");

      expect(output).toMatch(/^CapEff:\s+0+$/m);
      expect(output).toMatch(/^CapBnd:\s+0+$/m);
      expect(output).toMatch(/^NoNewPrivs:\s+1$/m);
    });

    it("verifies the tenants' KMS from inside", async () => {
      const { code, output } = await proxy.exec("tenant-security-proxy", "verify");

      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("3 of 3") });
    });
  });

  it("hears a signal as process 1, also where a command does not listen for any", async () => {
    const program = await startReading(image);
    onTestFinished(() => program.remove());
    await expect.poll(() => program.hears(SIGTERM), { timeout: 30_000 }).toBe(true);

    expect(await program.stop()).toBe(128 + SIGTERM);
  });

  it("serves as any user", async () => {
    const proxy = await startContainer({ image, folder, user: "41234:51234" });
    onTestFinished(() => proxy.remove());
    const client = new TenantSecurityClient(proxy.url, API_KEY);

    const document = await encrypt(client, "leased", "mine");

    expect(await decrypt(client, "leased", document)).toBe("mine");
    expect((await proxy.exec("id", "-u")).output.trim()).toBe("41234");
  });

  it("loses no accepted request when it is stopped under load", async () => {
    const proxy = await startContainer({ image, folder });
    onTestFinished(() => proxy.remove());
    const load = wrapUntilClosed(proxy.url, 16, 5);
    await expect.poll(() => wraps(proxy.url), { timeout: 30_000 }).toBeGreaterThan(100);

    const code = await proxy.stop();

    const { answered, failures } = await load;
    expect([code, failures]).toEqual([0, []]);
    expect(answered).toBeGreaterThan(100);
  });
});

const UNWANTED =
  "npm npx pnpm yarn yarnpkg corepack apt apt-get dpkg tsc vitest turbo gcc make python3 curl";

/** Prints programs that should not be there, set-user-id files, sources, and native libraries. */
const LOOK = `
for name in ${UNWANTED}; do command -v $name; done
find / -xdev -type f -perm /6000 2>/dev/null
find / -xdev \\( -name '*.ts' -o -name '*.node' -o -name '*.bare' -o -name '*.gyp' \\
  -o -path '*/node_modules/typescript' -o -path '*/node_modules/vitest' \\) 2>/dev/null
true`;

async function inspectImage(tag: string) {
  const { image } = await getContainerRuntimeClient();
  return image.inspect(ImageName.fromString(tag));
}

async function wraps(origin: string): Promise<number> {
  const { text } = await get(`${origin}/metrics`);
  return Number(/^tsp_key_operations_total\{operation="wrap"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}
