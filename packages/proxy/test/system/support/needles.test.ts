import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { leaks } from "./needles.ts";

describe("the search for leaked secrets", () => {
  const bytes = randomBytes(32);
  const secret = { name: "a key", bytes };

  it.for([
    ["base64", bytes.toString("base64")],
    ["base64 without padding", bytes.toString("base64").slice(0, -1)],
    ["base64url", bytes.toString("base64url")],
    ["base64 behind one byte", Buffer.concat([Buffer.from("x"), bytes]).toString("base64")],
    ["base64 behind two bytes", Buffer.concat([Buffer.from("xy"), bytes]).toString("base64")],
    ["hex", bytes.toString("hex")],
    ["upper-case hex", bytes.toString("hex").toUpperCase()],
    ["what JSON makes of a buffer", JSON.stringify(bytes)],
  ] as const)("finds %s", ([, text]) => {
    expect(leaks([{ name: "a log", text: `before ${text} after` }], [secret])).not.toEqual([]);
  });

  it("finds plain text", () => {
    const password = { name: "a password", bytes: Buffer.from('pass"word') };
    const text = JSON.stringify({ message: 'the pass"word is wrong' });

    expect(leaks([{ name: "a log", text }], [password])).toEqual([
      "a password as text in JSON in a log",
    ]);
  });

  it("finds nothing where nothing is", () => {
    const text = randomBytes(10_000).toString("base64");
    expect(leaks([{ name: "a log", text }], [secret])).toEqual([]);
  });
});
