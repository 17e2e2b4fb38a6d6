import { writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileSourceError } from "../../src/file-source/file-source-error.ts";
import { statesOf } from "../../src/file-source/file-states.ts";
import { loadDocument } from "../../src/file-source/load-document.ts";
import { loadInThread, type ThreadOptions } from "../../src/file-source/load-in-thread.ts";
import type { KnownDocument, LoadOutcome } from "../../src/file-source/load-job.ts";
import { ImageSnapshot } from "../../src/tenants/image/image-snapshot.ts";
import { document, gcp, local, shownTenant, signal, tenant, TestFolder } from "./helpers.ts";

describe("a document that is loaded by a thread", () => {
  it("is the same as one that is loaded here", { timeout: 60_000 }, async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const entry = fc
      .integer({ min: 1, max: 9 })
      .chain((id) =>
        fc.constantFrom(local(id), gcp(id), gcp(id, { type: "X" }), { ...local(id), note: "x" }),
      );
    const owner = fc.integer({ min: 1, max: 9 }).map((id) => tenant(`tenant-${id}`, id));
    const text = fc
      .tuple(fc.array(entry, { maxLength: 6 }), fc.array(owner, { maxLength: 3 }))
      .map(([configurations, tenants]) => document(configurations, tenants));

    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const job = { bytes: Buffer.from(given), options: optionsOf(folder), known: undefined };
        const here = await loadDocument(job, { watch, look: statesOf });
        expect(shown(await inThread(folder, given))).toEqual(shown(here));
      }),
      { numRuns: 20 },
    );
  });

  it("waits until its files are watched", async () => {
    const folder = new TestFolder();
    const watched: (readonly string[])[] = [];
    const outcome = await inThread(folder, document([local(1)], []), {
      watch: async (files) => {
        watched.push(files);
        await new Promise((resolve) => setTimeout(resolve, 20));
        folder.key("key-1");
      },
    });

    expect(watched).toEqual([[folder.file("key-1")]]);
    expect(outcome).toMatchObject({ kind: "built", document: { problems: [] } });
  });

  it("is not built again while nothing changed", async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const text = document([local(1)], [tenant("a", 1)]);
    const outcome = await inThread(folder, text);
    if (outcome.kind !== "built") throw new TypeError(outcome.kind);
    const { digest, files, states } = outcome.document;
    const known = { digest, files, states };

    expect(await inThread(folder, text, {}, known)).toEqual({ kind: "unchanged" });
    folder.key("key-1");
    expect(await inThread(folder, text, {}, known)).toMatchObject({ kind: "built" });
  });

  it("is refused when the thread has not the memory for it, and the process goes on", async () => {
    const folder = new TestFolder();
    const ids = Array.from({ length: 60_000 }, (_, index) => index + 1);
    const text = document(
      ids.map((id) => local(id)),
      [],
    );

    const error: unknown = await inThread(folder, text, { memoryMb: 8 }).catch(
      (reason: unknown) => reason,
    );

    expect(error).toBeInstanceOf(FileSourceError);
    expect(String(error)).toContain("c.yaml: cannot be parsed: it needs more memory than there is");
    expect(await inThread(folder, document([], []))).toMatchObject({ kind: "built" });
  });

  it("is refused when its file has gone in the meantime", async () => {
    const folder = new TestFolder();
    const job = { path: folder.file("gone"), options: optionsOf(folder), known: undefined };

    expect(await loadInThread(job, { watch, signal: signal() })).toEqual({
      kind: "refused",
      mistakes: ["c.yaml: it cannot be read (ENOENT)"],
    });
  });

  it("is given up when its files cannot be watched", async () => {
    const reason = new Error("no watch");
    const failing = inThread(new TestFolder(), document([local(1)], []), {
      watch: () => Promise.reject(reason),
    });
    await expect(failing).rejects.toBe(reason);
  });

  it("is given up before it begins when the signal fired before", async () => {
    const reason = new Error("stopping");
    const aborted = { signal: AbortSignal.abort(reason) };
    await expect(inThread(new TestFolder(), document([], []), aborted)).rejects.toBe(reason);
  });
});

const watch = async (): Promise<void> => {};

function optionsOf({ path: folder }: TestFolder) {
  return { file: "c.yaml", folder, fingerprintKey: new Uint8Array(32).fill(3) };
}

function inThread(
  folder: TestFolder,
  text: string,
  options: Partial<ThreadOptions> = {},
  known?: KnownDocument,
): Promise<LoadOutcome> {
  const standard = { watch, signal: signal(), memoryMb: 256 };
  writeFileSync(folder.file("c.yaml"), text);
  const job = { path: folder.file("c.yaml"), options: optionsOf(folder), known };
  return loadInThread(job, { ...standard, ...options });
}

/** Everything about an outcome but the bytes, which a random seed makes different each time. */
function shown(outcome: LoadOutcome): unknown {
  if (outcome.kind !== "built") return outcome;
  const { image, ...rest } = outcome.document;
  const snapshot = new ImageSnapshot({ image, problems: [], open: async (given) => given });
  const tenants = [...snapshot.tenants.keys()].map((id) => shownTenant(snapshot, id));
  return { rest, tenants, configurations: [...snapshot.configurations()] };
}
