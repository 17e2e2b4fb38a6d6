import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument } from "../../src/file-source/document/parse.ts";
import { FileSourceError } from "../../src/file-source/file-source-error.ts";
import type { DocumentPart } from "../../src/file-source/parse-job.ts";
import { parseInParts, type ParseLimits } from "../../src/file-source/parse-parts.ts";
import { Pace } from "../../src/file-source/pace.ts";
import { document, gcp, local, signal, tenant } from "./helpers.ts";

const OPTIONS = { file: "c.yaml", fingerprintKey: new Uint8Array(32).fill(3) };
const INLINE = { inlineBytes: Number.POSITIVE_INFINITY, threadMb: 256 };
const THREAD = { inlineBytes: 0, threadMb: 256 };

describe("a document in parts", () => {
  it("is the same from a thread as at once", { timeout: 60_000 }, async () => {
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
        expect(await whole(given, THREAD)).toEqual(await whole(given, INLINE));
      }),
      { numRuns: 20 },
    );
  });

  it("comes in parts of a size that nobody has to wait for", async () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => index + 1);
    const text = document(
      ids.map((id) => local(id, { note: "unknown" })),
      ids.map((id) => tenant(`tenant-${id}`, id)),
    );
    const parts = await all(text, THREAD);
    const sizes = parts.map(({ configurations = [], tenants = [], problems = [] }) => [
      configurations.length,
      tenants.length,
      problems.length,
    ]);

    expect(sizes).toEqual([
      [500, 0, 0],
      [500, 0, 0],
      [200, 0, 0],
      [0, 500, 0],
      [0, 500, 0],
      [0, 200, 0],
      [0, 0, 500],
      [0, 0, 500],
      [0, 0, 1],
    ]);
  });

  it.for([
    ["at once", INLINE],
    ["by a thread", THREAD],
  ] as const)("is refused with every mistake %s", async ([, limits]) => {
    const text = document([local(1), local(1)], [tenant("acme", 2)]);
    const { mistakes } = parseDocument(Buffer.from(text), OPTIONS);

    await expect(all(text, limits)).rejects.toMatchObject({ name: "FileSourceError", mistakes });
    expect(mistakes).toHaveLength(2);
  });

  it("is refused when a thread has not the memory for it, and the process goes on", async () => {
    const ids = Array.from({ length: 60_000 }, (_, index) => index + 1);
    const text = document(
      ids.map((id) => local(id)),
      [],
    );

    const error: unknown = await all(text, { inlineBytes: 0, threadMb: 8 }).catch(
      (reason: unknown) => reason,
    );

    expect(error).toBeInstanceOf(FileSourceError);
    expect(String(error)).toContain("c.yaml: cannot be parsed: it needs more memory than there is");
    expect(await all(document([], []), THREAD)).toEqual([]);
  });

  it("is given up before it begins when the signal fired before", async () => {
    const reason = new Error("stopping");
    const parts = parseInParts(
      bytesOf(document([], [])),
      OPTIONS,
      AbortSignal.abort(reason),
      THREAD,
    );
    await expect(parts.next()).rejects.toBe(reason);
  });

  it("may be left in the middle", async () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => index + 1);
    const bytes = bytesOf(
      document(
        ids.map((id) => local(id)),
        [],
      ),
    );
    const parts = parseInParts(bytes, OPTIONS, signal(), THREAD);

    expect((await parts.next()).value).toMatchObject({ configurations: { length: 500 } });
    await parts.return();
    expect((await parts.next()).done).toBe(true);
  });
});

describe("long work in slices", () => {
  it("lets others have a turn, but not after every step", async () => {
    let turns = 0;
    const turn = setInterval(() => (turns += 1), 0);
    const pace = new Pace();
    const until = performance.now() + 60;
    let steps = 0;
    while (performance.now() < until) {
      steps += 1;
      await pace.breathe();
    }
    clearInterval(turn);

    expect(turns).toBeGreaterThan(2);
    expect(steps).toBeGreaterThan(turns * 2);
  });
});

async function all(text: string, limits: ParseLimits): Promise<readonly DocumentPart[]> {
  const parts: DocumentPart[] = [];
  for await (const part of parseInParts(bytesOf(text), OPTIONS, signal(), limits)) parts.push(part);
  return parts;
}

/** The model that the parts make, or the mistakes. */
async function whole(text: string, limits: ParseLimits): Promise<unknown> {
  try {
    const parts = await all(text, limits);
    return {
      configurations: parts.flatMap(({ configurations = [] }) => configurations),
      tenants: parts.flatMap(({ tenants = [] }) => tenants),
      problems: parts.flatMap(({ problems = [] }) => problems),
    };
  } catch (error) {
    if (error instanceof FileSourceError) return error.mistakes;
    throw error;
  }
}

function bytesOf(text: string): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
