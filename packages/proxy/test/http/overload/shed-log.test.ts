import { expect, it } from "vitest";
import { ShedLog } from "../../../src/http/overload/shed-log.ts";
import { FakeLogger } from "../support/start.ts";

it("refusals for want of room have one line a second, with their number", () => {
  const logger = new FakeLogger();
  let now = 5_000;
  const log = new ShedLog(logger, () => now);

  for (const [at, reason] of [
    [5_000, "delay"],
    [5_001, "delay"],
    [5_999, "in_flight"],
    [6_000, "batch_items"],
    [6_500, "delay"],
  ] as const) {
    now = at;
    log.note(reason);
  }

  expect(logger.lines).toEqual([
    {
      level: "warn",
      message: "requests refused for want of room",
      fields: { name: "overload", reason: "delay", refused: 1 },
    },
    {
      level: "warn",
      message: "requests refused for want of room",
      fields: { name: "overload", reason: "batch_items", refused: 3 },
    },
  ]);
});
