import { describe, expect, it } from "vitest";
import { fittedLine } from "../src/log-line.ts";

const PIPE_BUF = 4_096;
const FROM = { level: "error", timestamp: "2026-01-01T00:00:00.000Z", service: "proxy", worker: 1 };

describe("a line of the log", () => {
  it("that a pipe takes as a whole stays as it is", () => {
    const line = `${JSON.stringify({ ...FROM, message: "x".repeat(3_900) })}\n`;

    expect(fittedLine(line, PIPE_BUF)).toBe(line);
  });

  it.for([
    ["a text", { err: { stack: "at somewhere\n".repeat(1_000) } }, "at somewhere"],
    ["a text of other letters", { reason: "鍵".repeat(2_000) }, "鍵"],
    ["a list", { mistakes: Array.from({ length: 500 }, (_, at) => `mistake ${at}`) }, "mistake 0"],
    ["a list of long texts", { mistakes: Array.from({ length: 50 }, () => "m".repeat(999)) }, "m"],
  ] as const)("with %s that is longer is cut to that, and is still JSON", ([, long, kept]) => {
    const cut = fittedLine(`${JSON.stringify({ ...FROM, ...long, message: "it" })}\n`, PIPE_BUF);

    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(PIPE_BUF);
    expect(cut.endsWith("\n")).toBe(true);
    expect(JSON.parse(cut)).toMatchObject({ ...FROM, message: "it", cut: true });
    expect(cut).toContain(kept);
  });

  it("says how much of a list is missing", () => {
    const mistakes = Array.from({ length: 500 }, () => "a mistake");

    const cut = fittedLine(`${JSON.stringify({ ...FROM, mistakes, message: "it" })}\n`, PIPE_BUF);

    expect(JSON.parse(cut).mistakes).toEqual([...mistakes.slice(0, 32), "… 468 more"]);
  });

  it("with too many fields keeps those that tell where it comes from", () => {
    const many = Array.from({ length: 1_000 }, (_, at) => [`field${at}`, at]);
    const line = { ...FROM, ...Object.fromEntries(many), message: "it" };

    const cut = fittedLine(`${JSON.stringify(line)}\n`, PIPE_BUF);

    expect(JSON.parse(cut)).toEqual({ ...FROM, message: "it", cut: true });
  });
});
