import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BatchGate, type BatchPlace } from "../../../src/http/overload/batch-gate.ts";
import { ShedError } from "../../../src/http/overload/shed-error.ts";

/** A gate of 400 items: 100 for one tenant. */
function subject(waitMs = 60_000) {
  const gate = new BatchGate({ items: 400, waitMs });
  const entered: string[] = [];
  const places = new Map<string, BatchPlace>();
  const enter = async (name: string, items: number, signal = new AbortController().signal) => {
    const [tenantId = ""] = name.split("-");
    places.set(name, await gate.enter(tenantId, items, signal));
    entered.push(name);
  };
  const leave = async (name: string) => {
    places.get(name)?.release();
    await nextTurn();
  };
  return { gate, entered, enter, leave, places };
}

describe("a gate for batches", () => {
  it("lets a batch in at once while there is room", () => {
    const { gate } = subject();

    expect(gate.enter("a", 100, new AbortController().signal)).not.toBeInstanceOf(Promise);
    expect([gate.inside, gate.waiting]).toEqual([100, 0]);
  });

  it("gives one tenant a quarter, first come, first served", async () => {
    const { gate, entered, enter, leave } = subject();
    for (const [name, items] of [
      ["a-1", 60],
      ["a-2", 60],
      ["a-3", 10],
      ["b-1", 100],
    ] as const) {
      void enter(name, items);
    }
    await nextTurn();
    expect(entered).toEqual(["a-1", "b-1"]);
    expect([gate.inside, gate.waiting]).toEqual([160, 70]);

    await leave("a-1");

    expect(entered).toEqual(["a-1", "b-1", "a-2", "a-3"]);
  });

  it("lets a batch above a tenant's share in when nothing else of the tenant is", async () => {
    const { gate, entered, enter, leave } = subject();
    void enter("a-1", 1);
    void enter("a-2", 100_000);
    await nextTurn();
    expect(entered).toEqual(["a-1"]);

    await leave("a-1");

    expect([entered, gate.inside]).toEqual([["a-1", "a-2"], 100]);
  });

  it("lets tenants take turns when all of it is taken", async () => {
    const { entered, enter, leave } = subject();
    for (const name of ["a-1", "b-1", "c-1", "d-1"]) await enter(name, 100);
    for (const name of ["e-1", "e-2", "f-1", "f-2"]) void enter(name, 50);
    await nextTurn();
    entered.length = 0;

    await leave("a-1");
    await leave("b-1");

    expect(entered).toEqual(["e-1", "f-1", "e-2", "f-2"]);
  });

  it("keeps room for a large batch whose turn it is, while small ones keep coming", async () => {
    const { entered, enter, leave } = subject();
    for (const name of ["a-1", "b-1", "c-1"]) await enter(name, 100);
    await enter("d-1", 50);
    void enter("e-1", 100);
    void enter("f-1", 10);
    await nextTurn();
    expect(entered).not.toContain("f-1");

    await leave("d-1");

    expect(entered.slice(-1)).toEqual(["e-1"]);
  });

  it("counts an answer that is not read yet by its size", async () => {
    const { gate, places, enter, entered } = subject();
    await enter("a-1", 100);
    void enter("a-2", 90);

    places.get("a-1")?.becomes(20_000);
    await nextTurn();

    expect([entered, gate.inside]).toEqual([["a-1", "a-2"], 100]);
    places.get("a-1")?.release();
    places.get("a-1")?.release();
    expect(gate.inside).toBe(90);
  });

  it("refuses a batch that waits too long, and is free for those behind it", async () => {
    const { gate, enter } = subject(5);
    await enter("a-1", 100);

    await expect(enter("a-2", 10)).rejects.toMatchObject({ reason: "batch_items", http: 503 });
    expect([gate.inside, gate.waiting]).toEqual([100, 0]);
  });

  it("forgets a batch whose client has gone", async () => {
    const { gate, entered, enter, leave } = subject();
    const client = new AbortController();
    await enter("a-1", 100);
    const left = enter("a-2", 100, client.signal);
    void enter("a-3", 100);
    client.abort();

    await expect(left).rejects.toBeInstanceOf(ShedError);
    await expect(enter("a-4", 100, client.signal)).rejects.toBeInstanceOf(ShedError);
    await leave("a-1");

    expect([entered, gate.waiting]).toEqual([["a-1", "a-3"], 0]);
  });
});
