import { createMetrics, scrapeMerged } from "@tenant-security/metrics";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { MirrorFile } from "../../src/workers/mirror-file.ts";

const names = (): string[] =>
  ["/dev/shm", tmpdir()].flatMap((folder) =>
    readdirSync(folder).filter((name) => name.startsWith("tsp-") && name.length === 40),
  );

describe("the file of a mirror", () => {
  it("has no name that anybody could find or would have to remove", () => {
    const before = names();
    const file = MirrorFile.create();

    expect(names()).toEqual(before);
    file.close();
  });

  it("gives what was saved in it, and nothing before or after", async () => {
    const file = MirrorFile.create();
    const empty = await file.read();
    const metrics = createMetrics({ process: false });
    metrics.configRefreshFailures.inc();
    metrics.mirrorTo(file.fd);

    const full = await file.read();
    file.close();
    file.close();

    expect(empty).toBeUndefined();
    expect(await scrapeMerged([full ?? []])).toContain("tsp_config_refresh_failures_total 1");
    expect(await file.read()).toBeUndefined();
  });
});
