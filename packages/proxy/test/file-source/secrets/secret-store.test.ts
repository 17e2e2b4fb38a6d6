import { existsSync, readdirSync, rmSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { edek, folderOf, KEY, open, pick, subject } from "./helpers.ts";

describe("a new path", () => {
  it("has no secrets", async () => {
    const { store, folder } = subject();
    expect(await store.find(KEY)).toEqual([]);
    expect(existsSync(folder.file("tenant-secrets"))).toBe(false);
  });

  it("gets one, which everybody finds from then on", async () => {
    const { store, again } = subject();
    const created = await store.create(KEY, edek(534));

    expect(created).toEqual({
      id: 1,
      ...KEY,
      rotationStatus: "current",
      encryptedSecret: edek(534),
      kmsConfigId: 534,
      created: expect.stringMatching(/^\d{4}-.*Z$/),
      updated: created.created,
    });
    expect(await store.find(KEY)).toEqual([created]);
    expect(await again().find(KEY)).toEqual([created]);
  });

  it("keeps the one it has", async () => {
    const { store, again } = subject();
    const first = await store.create(KEY, edek(1));

    expect(await store.create(KEY, edek(2))).toEqual(first);
    expect(await again().create(KEY, edek(3))).toEqual(first);
  });

  it("gets one only, however many ask at once", async () => {
    const { store, again } = subject();
    const stores = [store, again(), again()];
    const created = await Promise.all(
      Array.from({ length: 30 }, (_, index) => pick(stores, index).create(KEY, edek(index + 1))),
    );

    expect(new Set(created.map((secret) => JSON.stringify(secret))).size).toBe(1);
    expect(await again().find(KEY)).toHaveLength(1);
  });

  it.for([
    [{ ...KEY, tenantId: "globex" }],
    [{ ...KEY, secretType: "search" }],
    [{ ...KEY, secretPath: "users" }],
    [{ ...KEY, tenantId: "acm", secretPath: "eusers/email" }],
    [{ ...KEY, secretPath: "../../etc/passwd" }],
    [{ ...KEY, secretPath: "__proto__", tenantId: "__proto__" }],
    [{ ...KEY, secretPath: "a\0b\nä 𝄞 \ud800" }],
    [{ ...KEY, secretPath: "x".repeat(10_000) }],
  ] as const)("is apart from all others: %j", async ([other]) => {
    const { store, again, folder } = subject();
    await store.create(KEY, edek(1));
    expect(await store.find(other)).toEqual([]);

    const created = await store.create(other, edek(2));

    expect(created).toMatchObject({ ...other, id: 2 });
    expect(await again().find(other)).toEqual([created]);
    const names = readdirSync(folder.file("tenant-secrets"));
    expect(names.filter((name) => !/^([0-9a-f]{64}|ids|tmp)$/.test(name))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["tenant-secrets"]);
  });

  it("may be protected by bytes that are no EDEK, for what this store cares", async () => {
    const { store } = subject();
    const created = await store.create(KEY, Buffer.from("anything"));
    expect(created.kmsConfigId).toBeNull();
    expect(await store.find(KEY)).toEqual([created]);
  });

  it("may not be endless", async () => {
    const { store } = subject();
    const endless = { ...KEY, secretPath: "x".repeat(2 * 1024 * 1024) };
    await expect(store.create(endless, edek(1))).rejects.toMatchObject({
      status: "SECRET_CREATION_FAILED",
      message: "The secret path is too long to be stored",
    });
  });
});

describe("rotation", () => {
  it("goes from current over in rotation to archived", async () => {
    const { store } = subject();
    const first = await store.create(KEY, edek(1));
    expect(await store.archive(KEY)).toEqual([]);

    const { rotated, current } = await store.rotate(KEY);
    expect(rotated).toMatchObject({ id: first.id, rotationStatus: "in-rotation" });
    expect(current).toBeUndefined();
    expect(await store.find(KEY)).toEqual([rotated]);

    const second = await store.create(KEY, edek(2));
    expect(await store.find(KEY)).toEqual([second, rotated]);

    const archived = await store.archive(KEY);
    expect(archived).toEqual([
      { ...rotated, rotationStatus: "archived", updated: expect.any(String) },
    ]);
    expect(await store.find(KEY)).toEqual([second]);
  });

  it("can make the next current secret at once", async () => {
    const { store } = subject();
    await store.create(KEY, edek(1));
    const { rotated, current } = await store.rotate(KEY, async () => edek(2));

    expect(current).toMatchObject({ id: 2, rotationStatus: "current", encryptedSecret: edek(2) });
    expect(await store.find(KEY)).toEqual([current, rotated]);
  });

  it("changes nothing when the next secret cannot be made", async () => {
    const { store } = subject();
    const first = await store.create(KEY, edek(1));
    const failing = store.rotate(KEY, () => Promise.reject(new Error("KMS is down")));

    await expect(failing).rejects.toThrow("KMS is down");
    expect(await store.find(KEY)).toEqual([first]);
  });

  it("of a path without a current secret does nothing", async () => {
    const { store } = subject();
    const nothing = { rotated: undefined, current: undefined };
    expect(await store.rotate(KEY, async () => edek(1))).toEqual(nothing);

    await store.create(KEY, edek(1));
    await store.rotate(KEY);
    expect(await store.rotate(KEY, async () => edek(1))).toEqual(nothing);
  });

  it("happens once when several ask for it at once", async () => {
    const { store, again } = subject();
    await store.create(KEY, edek(1));
    const rotations = await Promise.all([
      store.rotate(KEY),
      again().rotate(KEY),
      store.rotate(KEY),
    ]);

    expect(new Set(rotations.map(({ rotated }) => rotated?.id ?? 1))).toEqual(new Set([1]));
    expect(await again().find(KEY)).toHaveLength(1);
  });

  it("keeps several secrets in rotation, newest first, behind the current one", async () => {
    const { store, again } = subject();
    for (const id of [1, 2, 3]) {
      await store.create(KEY, edek(id));
      await store.rotate(KEY);
    }
    await store.create(KEY, edek(4));

    expect((await again().find(KEY)).map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    expect((await store.archive(KEY)).map(({ id }) => id)).toEqual([3, 2, 1]);
    expect((await again().find(KEY)).map(({ id }) => id)).toEqual([4]);
  });

  it("leaves the old one current until every process can know the new one", async () => {
    const { folder, store: other } = subject();
    const store = open(folder, { settleMs: 1_000, freshMs: 60_000 });
    const first = await store.create(KEY, edek(1));
    const { current } = await other.rotate(KEY, async () => edek(2));

    expect(await store.find(KEY)).toEqual([
      { ...first, updated: expect.any(String) },
      { ...current, rotationStatus: "in-rotation" },
    ]);
    await expect
      .poll(async () => (await store.find(KEY)).map(({ id }) => id), { timeout: 30_000 })
      .toEqual([2, 1]);
    expect((await store.find(KEY))[0]?.rotationStatus).toBe("current");
  });

  it("leaves nothing current that is archived", async () => {
    const { folder, store: other } = subject();
    await other.create(KEY, edek(1));
    await other.rotate(KEY, async () => edek(2));
    await other.archive(KEY);

    const store = open(folder, { settleMs: 60_000 });

    expect(await store.find(KEY)).toMatchObject([{ id: 2, rotationStatus: "current" }]);
  });

  it("goes by no clock that another machine has wrong", async () => {
    const { folder, store: other } = subject();
    await other.create(KEY, edek(1));
    vi.setSystemTime(Date.now() + 3_600_000);
    onTestFinished(() => void vi.useRealTimers());
    await other.rotate(KEY, async () => edek(2));
    vi.useRealTimers();

    const store = open(folder, { settleMs: 60_000 });

    expect((await store.find(KEY)).map(({ id }) => id)).toEqual([2, 1]);
  });

  it("by another process is seen within a second, without looking all the time", async () => {
    const { folder, again } = subject();
    const store = open(folder, { freshMs: 300 });
    await store.create(KEY, edek(1));
    const before = await store.find(KEY);
    await again().rotate(KEY);

    expect(await store.find(KEY)).toBe(before);
    await expect
      .poll(async () => (await store.find(KEY))[0]?.rotationStatus, { timeout: 30_000 })
      .toBe("in-rotation");
  });
});

describe("ids", () => {
  it("are never given out twice, whatever becomes of their secrets", async () => {
    const { store, again, folder } = subject();
    await store.create(KEY, edek(1));
    rmSync(folderOf(folder), { recursive: true });

    expect((await again().create(KEY, edek(2))).id).toBe(2);
    expect((await store.create({ ...KEY, secretPath: "other" }, edek(3))).id).toBe(3);
  });

  it("go on behind those in use when the folder of ids was lost", async () => {
    const { store, again, folder } = subject();
    for (const path of ["a", "b", "c"]) await store.create({ ...KEY, secretPath: path }, edek(1));
    rmSync(folder.file("tenant-secrets/ids"), { recursive: true });

    expect((await again().create(KEY, edek(2))).id).toBe(4);
  });

  it("end at 2^32-1", async () => {
    const { store, folder, again } = subject();
    folder.write("tenant-secrets/ids/4294967294", "");

    expect((await store.create(KEY, edek(1))).id).toBe(2 ** 32 - 1);
    const other = { ...KEY, secretPath: "other" };
    await expect(again().create(other, edek(1))).rejects.toThrow("All ids of tenant secrets");
  });

  it("differ for paths that are created at once by several", async () => {
    const { store, again } = subject();
    const stores = [store, again(), again()];
    const secrets = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        pick(stores, index).create({ ...KEY, secretPath: `${index}` }, edek(1)),
      ),
    );

    expect(new Set(secrets.map(({ id }) => id)).size).toBe(60);
  });
});

describe("what is remembered", () => {
  it("is bounded, and what was forgotten is read again", async () => {
    const { folder } = subject();
    const store = open(folder, { cacheSize: 1, freshMs: 60_000 });
    const other = { ...KEY, secretPath: "other" };
    await store.create(KEY, edek(1));
    await store.create(other, edek(2));

    const first = await store.find(KEY);
    expect(await store.find(KEY)).toBe(first);
    await store.find(other);
    const second = await store.find(KEY);

    expect(second).not.toBe(first);
    expect(second).toEqual(first);
  });

  it("is not read again while the folder has no new file", async () => {
    const { folder } = subject();
    const store = open(folder, { freshMs: 0 });
    await store.create(KEY, edek(1));

    expect(await store.find(KEY)).toBe(await store.find(KEY));
  });
});

describe("listing", () => {
  it("gives every secret that the filter lets through", async () => {
    const { store } = subject();
    const other = { ...KEY, secretPath: "a", secretType: "search" } as const;
    await store.create(KEY, edek(1));
    await store.rotate(KEY, async () => edek(2));
    await store.create(other, edek(3));
    await store.create({ ...KEY, tenantId: "globex" }, edek(4));
    await store.archive(KEY);

    const ids = async (...filter: Parameters<typeof store.list>): Promise<number[]> =>
      (await store.list(...filter)).secrets.map(({ id }) => id);
    expect(await ids()).toEqual([1, 2, 3, 4]);
    expect(await ids({ tenantId: "acme" })).toEqual([1, 2, 3]);
    expect(await ids({ secretType: "search" })).toEqual([3]);
    expect(await ids({ secretPath: "users/email" })).toEqual([1, 2, 4]);
    expect(await ids({ rotationStatus: "archived" })).toEqual([1]);
    expect(await ids({ tenantId: "nobody" })).toEqual([]);
  });

  it("of a store that is not there gives nothing", async () => {
    expect(await subject().store.list()).toEqual({ secrets: [], problems: [] });
  });
});
