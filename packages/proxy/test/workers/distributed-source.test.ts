import { describe, expect, it } from "vitest";
import type { FileSource } from "../../src/file-source/source.ts";
import type { ImageSnapshot } from "../../src/tenants/image/image-snapshot.ts";
import { DistributedSource } from "../../src/workers/distributed-source.ts";
import type { WorkerHandle } from "../../src/workers/worker-handle.ts";

type Calls = (call: string) => Promise<void> | void;

/** A worker that keeps what it is handed, as the real one does. */
class Worker {
  using: number | undefined;
  killed = false;
  #prepared: number | undefined;
  readonly link: { ask(call: string, value: { readonly bytes?: Uint8Array }): Promise<null> };

  constructor(before: Calls = () => {}) {
    this.link = {
      ask: async (call, { bytes }) => {
        await before(call);
        if (call === "prepare") this.#prepared = bytes?.[0];
        else this.using = this.#prepared;
        return null;
      },
    };
  }

  kill(): void {
    this.killed = true;
  }
}

/** A source whose file has the images that `read` gives, and these workers. */
function sourceOf(workers: Worker[], read: () => number) {
  const snapshots = new Map<number, ImageSnapshot>();
  const load = async (): Promise<ImageSnapshot> => {
    const image = read();
    const snapshot =
      snapshots.get(image) ?? ({ image: Buffer.of(image) } as unknown as ImageSnapshot);
    snapshots.set(image, snapshot);
    return snapshot;
  };
  const all = (): WorkerHandle[] => workers as unknown as WorkerHandle[];
  const source = new DistributedSource({ load } as unknown as FileSource, all);
  return {
    load: () => source.load(new AbortController().signal),
    introduce: (worker: Worker) => source.introduce(worker as unknown as WorkerHandle),
  };
}

describe("a worker that begins", () => {
  it("gets what the others have", async () => {
    const source = sourceOf([new Worker()], () => 1);
    await source.load();
    const late = new Worker();

    await source.introduce(late);

    expect(late.using).toBe(1);
  });

  it("while a change is handed out gets that change", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let image = 1;
    const slow = new Worker(() => (image === 2 ? promise : undefined));
    const workers = [slow];
    const source = sourceOf(workers, () => image);
    await source.load();
    image = 2;
    const loading = source.load();
    const late = new Worker();
    workers.push(late);
    const introduced = source.introduce(late);

    resolve();
    await Promise.all([loading, introduced]);

    expect([slow.using, late.using]).toEqual([2, 2]);
  });

  it("does not hold up a change before it is there", async () => {
    let image = 1;
    const workers = [new Worker()];
    const source = sourceOf(workers, () => image);
    await source.load();
    const booting = new Worker(() => new Promise(() => {}));
    workers.push(booting);
    image = 2;

    await source.load();

    expect([workers[0]?.using, booting.killed]).toEqual([2, false]);
  });
});

describe("a worker that ends", () => {
  it.for(["prepare", "commit"])("at %s takes no change away from the others", async (at) => {
    let image = 1;
    const broken = new Worker((call) => {
      if (image === 2 && call === at) throw new Error("the other process is gone");
    });
    const good = new Worker();
    const source = sourceOf([broken, good], () => image);
    await source.load();
    image = 2;

    await source.load();

    expect([good.using, good.killed, broken.killed]).toEqual([2, false, true]);
  });
});
