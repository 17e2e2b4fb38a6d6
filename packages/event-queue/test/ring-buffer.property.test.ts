import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RingBuffer } from "../src/ring-buffer.ts";

describe("RingBuffer", () => {
  it("is a queue that refuses what does not fit, whatever is done to it", () => {
    const push = fc.record({ event: fc.string(), size: fc.nat(70_000) });
    const steps = fc.array(fc.oneof(push, fc.constant("shift" as const)), { maxLength: 200 });

    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (capacity, steps) => {
        const ring = new RingBuffer(capacity);
        const model: { event: string; size: number }[] = [];
        let refusals = 0;
        for (const step of steps) {
          if (step === "shift") {
            ring.shift();
            model.shift();
          } else {
            const pushed = ring.push(step.event, step.size);
            if (model.length < capacity) model.push(step);
            else refusals -= 1;
            refusals += pushed ? 0 : 1;
          }
          expect(refusals).toBe(0);
          expect(ring.length).toBe(model.length);
          expect(ring.first).toBe(model[0]?.event);
          expect(ring.bytes).toBe(model.reduce((sum, { size }) => sum + size, 0));
        }
      }),
    );
  });

  it("lets go of an event that left it", async () => {
    const ring = new RingBuffer(2);
    const collected = Promise.withResolvers<void>();
    const registry = new FinalizationRegistry(() => collected.resolve());
    (() => {
      const event = new Uint8Array(8);
      registry.register(event, undefined);
      ring.push(event, 8);
    })();
    ring.shift();

    // Nothing else makes the collector run than something to collect.
    const garbage = setInterval(() => Array.from({ length: 1e5 }, String), 1);
    await collected.promise;
    clearInterval(garbage);

    expect(ring.length).toBe(0);
  }, 60_000);
});
