import { describe, expect, it } from "vitest";
import { parseRustLog } from "../../src/config/log-level.ts";

describe("RUST_LOG", () => {
  it.for([
    ["trace", "trace"],
    ["DEBUG", "debug"],
    ["info", "info"],
    ["warn", "warn"],
    ["error", "error"],
    ["off", "silent"],
    ["0", "silent"],
    ["4", "debug"],
    ["info,tsp=debug", "info"],
    ["tsp=trace,warn", "warn"],
    ["info,debug", "debug"],
    [" info , tsp=debug ", "info"],
    ["tsp=debug", "debug"],
    ["tsp=info,hyper=trace", "trace"],
    ["hyper=warn,tsp=error", "warn"],
    ["tsp[request{id=7}]=debug", "debug"],
    ["tsp,hyper=warn", "warn"],
  ] as const)("%j logs at %s", ([text, level]) => {
    expect(parseRustLog(text)).toBe(level);
  });

  it.for(["loud", "tsp", "tsp=loud", "=debug", ",", "6", "fatal"])("%j names no level", (text) => {
    expect(parseRustLog(text)).toBeUndefined();
  });
});
