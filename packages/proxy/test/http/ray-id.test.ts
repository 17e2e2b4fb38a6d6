import { describe, expect, it } from "vitest";
import { createRayId } from "../../src/http/ray-id.ts";

describe("ray ids", () => {
  it("are 16 URL-safe characters and never the same", () => {
    const ids = Array.from({ length: 5_000 }, createRayId);

    expect(ids.every((id) => /^[\w-]{16}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
