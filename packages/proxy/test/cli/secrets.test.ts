import { active, disabled, localConfiguration, primary } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { decodeEdek } from "../../src/edek/codec.ts";
import { aFolder, run, secretsIn } from "./world.ts";

const NOTES = ["--type", "search", "--path", "notes"];

describe("secrets", () => {
  it("are made, rotated and archived, and listed in every state", async () => {
    const { secrets } = aStore();

    expect(await secrets("create", "--tenant", "acme", ...NOTES)).toMatchObject({ code: 0 });
    expect(await secrets("rotate", "--tenant", "acme", ...NOTES)).toMatchObject({ code: 0 });
    expect(await statuses(secrets)).toEqual({ 1: "in-rotation", 2: "current" });
    expect(await secrets("archive", "--tenant", "acme", ...NOTES)).toMatchObject({ code: 0 });
    expect(await statuses(secrets)).toEqual({ 1: "archived", 2: "current" });
  });

  it("are what a proxy finds: the current one first, archived ones left out", async () => {
    const { secrets, store } = aStore();
    await secrets("create", "--tenant", "acme", ...NOTES);
    await secrets("rotate", "--tenant", "acme", ...NOTES);
    const key = { tenantId: "acme", secretType: "search", secretPath: "notes" } as const;

    const found = await store().find(key);
    await secrets("archive", "--tenant", "acme", ...NOTES);

    expect(found.map(({ id }) => id)).toEqual([2, 1]);
    expect((await store().find(key)).map(({ id }) => id)).toEqual([2]);
  });

  it("are wrapped by an active configuration where there is no primary", async () => {
    const { secrets, store } = aStore();

    const { code } = await secrets("create", "--tenant", "no-primary", ...NOTES);

    const { secrets: all } = await store().list();
    expect(code).toBe(0);
    expect(
      all.map((secret) => decodeEdek(Buffer.from(secret.encryptedSecret)).kmsConfigId),
    ).toEqual([2]);
  });

  it("are left as they are where there is a current one", async () => {
    const { secrets } = aStore();
    const first = await secrets("create", "--tenant", "acme", "--json", ...NOTES);
    const second = await secrets("create", "--tenant", "acme", "--json", ...NOTES);

    expect(second).toEqual({ code: 0, out: first.out, err: "It was there already.\n" });
  });

  it("are listed by tenant, type and path, without the secret itself", async () => {
    const { secrets } = aStore();
    await secrets("create", "--tenant", "acme", ...NOTES);
    await secrets("create", "--tenant", "acme", "--type", "vector", "--path", "notes");
    await secrets("create", "--tenant", "no-primary", ...NOTES);

    const list = async (...args: readonly string[]) =>
      ids((await secrets("list", "--json", ...args)).out);

    expect(await list()).toEqual([1, 2, 3]);
    expect(await list("--tenant", "acme")).toEqual([1, 2]);
    expect(await list("--type", "search")).toEqual([1, 3]);
    expect(await list("--path", "other")).toEqual([]);
    expect((await secrets("list", "--json")).out).not.toContain("encryptedSecret");
  });

  it("are listed as a table for people, whatever a path holds", async () => {
    const { secrets } = aStore();
    await secrets("create", "--tenant", "acme", "--type", "search", "--path", "a\u001B[2J b");

    const { out, err } = await secrets("list");

    expect(out).toMatch(
      /^id +tenant +type +path +status +config +created +changed\n1 +acme +search /,
    );
    expect(out).toContain(String.raw`"a\u001b[2J b"`);
    expect(err).toBe("1 secret.\n");
  });

  it.for([
    ["rotate", "acme", "no current secret"],
    ["create", "nobody", "code 201"],
    ["create", "disabled", "code 201"],
    ["create", "broken", "code 207"],
  ] as const)("%s of %s is refused with exit code 1", async ([command, tenant, reason]) => {
    const { secrets } = aStore();

    const { code, out, err } = await secrets(command, "--tenant", tenant, ...NOTES);

    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(new RegExp(`^tenant-security-proxy: .*${reason}.*\n$`));
  });

  it("keep their state when the KMS refuses to wrap the next one", async () => {
    const { secrets, folder } = aStore();
    await secrets("create", "--tenant", "acme", ...NOTES);
    folder.write("first.key", "no key any more");

    expect(await secrets("rotate", "--tenant", "acme", ...NOTES)).toMatchObject({ code: 1 });
    expect(await statuses(secrets)).toEqual({ 1: "current" });
  });

  it("archive nothing where nothing is in rotation", async () => {
    const { secrets } = aStore();

    expect(await secrets("archive", "--tenant", "acme", ...NOTES)).toEqual({
      code: 0,
      out: "",
      err: "Nothing was in rotation.\n",
    });
  });

  it.for([
    ["list", "cannot be read (ENOTDIR) (code 100)"],
    ["create", "could not be stored (ENOTDIR)"],
    ["rotate", "could not be stored (ENOTDIR)"],
    ["archive", "could not be stored (ENOTDIR)"],
  ] as const)("%s exits with 1 where no store can be", async ([command, reason]) => {
    const { folder, secrets } = aStore();
    folder.write("tenant-secrets", "not a folder");

    const which = command === "list" ? [] : ["--tenant", "acme", ...NOTES];
    const { code, err } = await secrets(command, ...which);

    expect([code, err]).toEqual([1, expect.stringContaining(reason)]);
  });

  it.for(["list", "create", "rotate", "archive"])(
    "%s wants a configuration file",
    async (command) => {
      const args = command === "list" ? [] : ["--tenant", "acme", ...NOTES];

      const missing = await run(["secrets", command, ...args]);
      const absent = await run(["secrets", command, ...args, "--config", "/nonexistent/t.yaml"]);

      expect([missing.code, missing.err]).toEqual([78, expect.stringContaining("TSP_CONFIG_FILE")]);
      expect([absent.code, absent.err]).toEqual([78, expect.stringContaining("t.yaml")]);
    },
  );

  it.for([
    [["--type", "search", "--path", "p"], "--tenant is missing"],
    [["--tenant", "acme", "--path", "p"], "--type is missing"],
    [["--tenant", "acme", "--type", "search"], "--path is missing"],
    [["--tenant", "acme", "--type", "secret", "--path", "p"], '--type is "secret"'],
  ] as const)("want to know which: %j", async ([args, reason]) => {
    const { code, err } = await run(["secrets", "create", ...args]);

    expect([code, err]).toEqual([64, expect.stringContaining(reason)]);
  });
});

function aStore() {
  const folder = aFolder((it) => ({
    version: 1,
    kmsConfigurations: [
      localConfiguration(1, { keyFiles: [it.key("first.key")] }),
      localConfiguration(2, { keyFiles: [it.key("second.key")] }),
      localConfiguration(3, { keyFiles: ["absent.key"] }),
    ],
    tenants: [
      { id: "acme", configurations: [primary(1), active(2)] },
      { id: "no-primary", configurations: [active(2)] },
      { id: "disabled", configurations: [disabled(2)] },
      { id: "broken", configurations: [primary(3)] },
    ],
  }));
  return { folder, ...secretsIn(folder) };
}

async function statuses(secrets: ReturnType<typeof aStore>["secrets"]) {
  const { out } = await secrets("list", "--json");
  const all = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Listed);
  return Object.fromEntries(all.map(({ id, rotationStatus }) => [id, rotationStatus]));
}

interface Listed {
  readonly id: number;
  readonly rotationStatus: string;
}

function ids(out: string): number[] {
  const lines = out.split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as Listed).id).toSorted((a, b) => a - b);
}
