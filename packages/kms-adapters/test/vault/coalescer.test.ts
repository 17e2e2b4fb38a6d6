import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Coalescer, type SendBatch } from "../../src/vault/coalescer.ts";

const { signal } = new AbortController();
const shout: SendBatch = async (inputs) => inputs.map((input) => input.toUpperCase());

describe("calls of one turn of the event loop", () => {
  it("are sent together, and each gets its own outcome", async () => {
    const { coalescer, batches } = recording(shout);

    const first = coalescer.add("a", signal);
    await Promise.resolve();
    const second = coalescer.add("b", signal);

    expect(await Promise.all([first, second])).toEqual(["A", "B"]);
    expect(batches).toEqual([["a", "b"]]);
  });

  it("are sent apart from those of the next", async () => {
    const { coalescer, batches } = recording(shout);

    const first = coalescer.add("a", signal);
    await turn();
    const second = coalescer.add("b", signal);

    await Promise.all([first, second]);
    expect(batches).toEqual([["a"], ["b"]]);
  });

  it("are at most 128", async () => {
    const { coalescer, batches } = recording(shout);

    await Promise.all(Array.from({ length: 257 }, () => coalescer.add("a", signal)));

    expect(batches.map(({ length }) => length)).toEqual([128, 128, 1]);
  });
});

describe("a failure", () => {
  it("of one item is that item's alone", async () => {
    const { coalescer } = recording(async () => ["A", new RangeError("b is bad")]);

    const results = await Promise.allSettled([
      coalescer.add("a", signal),
      coalescer.add("b", signal),
    ]);

    expect(results).toMatchObject([{ value: "A" }, { reason: { message: "b is bad" } }]);
  });

  it.for([1, 3])("of the request is everybody's, of %i", async (count) => {
    const { coalescer } = recording(() => Promise.reject(new RangeError("all is bad")));

    const results = await Promise.allSettled(
      Array.from({ length: count }, () => coalescer.add("a", signal)),
    );

    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: count }, () => "rejected"),
    );
  });

  it("is what an item gets that the answer forgot", async () => {
    const { coalescer } = recording(async () => ["A"]);

    const results = await Promise.allSettled([
      coalescer.add("a", signal),
      coalescer.add("b", signal),
    ]);

    expect(results).toMatchObject([{ value: "A" }, { reason: { message: /no outcome/ } }]);
  });
});

describe("a caller who gives up", () => {
  it("leaves at once, and the request goes on for the others", async () => {
    const answer = Promise.withResolvers<readonly string[]>();
    const { coalescer, signals } = recording(() => answer.promise);
    const controller = new AbortController();
    const left = coalescer.add("a", controller.signal);
    const stayed = coalescer.add("b", signal);
    await turn();
    await turn();

    controller.abort(new RangeError("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(signals[0]?.aborted).toBe(false);
    answer.resolve(["A", "B"]);

    expect(await stayed).toBe("B");
  });

  it("ends the request when nobody is left", async () => {
    const { coalescer, signals } = recording(() => new Promise<never>(() => {}));
    const controller = new AbortController();
    const both = [coalescer.add("a", controller.signal), coalescer.add("b", controller.signal)];
    await turn();
    await turn();

    controller.abort(new RangeError("gone"));

    await expect(Promise.any(both)).rejects.toThrow(AggregateError);
    expect(signals[0]?.aborted).toBe(true);
  });

  it.for([1, 2])("before the request keeps it from being made, for %i", async (count) => {
    const { coalescer, batches } = recording(shout);
    const controller = new AbortController();
    const calls = Array.from({ length: count }, () => coalescer.add("a", controller.signal));

    controller.abort(new RangeError("gone"));

    await expect(Promise.any(calls)).rejects.toThrow(AggregateError);
    expect(batches).toEqual([]);
  });
});

it("leaves no listener on a signal that outlives the calls", async () => {
  const { coalescer } = recording(shout);

  await Promise.all([coalescer.add("a", signal), coalescer.add("b", signal)]);

  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

function recording(send: SendBatch) {
  const batches: (readonly string[])[] = [];
  const signals: AbortSignal[] = [];
  const coalescer = new Coalescer((inputs, signal) => {
    batches.push(inputs);
    signals.push(signal);
    return send(inputs, signal);
  });
  return { coalescer, batches, signals };
}
