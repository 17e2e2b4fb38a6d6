import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readSettings } from "../src/index.ts";
import { RULES } from "./combinations.ts";

const GROUPS = JSON.stringify({ groups: RULES });

/** Reads `settings.yaml` from a folder with these files. */
async function read(settings: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "deploy-settings-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries({ ...files, "settings.yaml": settings })) {
    await writeFile(join(folder, name), content);
  }
  return readSettings(join(folder, "settings.yaml"));
}

describe("A settings file", () => {
  it("has the same members as the props", async () => {
    expect(await read("image: proxy:1\nevents: { mode: require }\n")).toEqual({
      image: "proxy:1",
      events: { mode: "require" },
    });
  });

  it("reports every mistake with its path", async () => {
    await expect(read("replicas: 1\ntls: {}\n")).rejects.toMatchObject({
      mistakes: [{ path: "image" }, { path: "replicas" }, { path: "tls.secretName" }],
    });
  });

  it.for<[text: string, message: string]>([
    ["", "the input is empty"],
    ["- image: proxy:1", "must be an object"],
    ["image: proxy:1\nimage: proxy:2", "duplicated"],
    ["image: [", 'settings.yaml" (1:9)'],
  ])("that reads %o is refused", async ([text, message]) => {
    await expect(read(text)).rejects.toMatchObject({
      mistakes: [{ path: "settings", message: expect.stringContaining(message) as unknown }],
    });
  });

  it("that is not there is a mistake as well", async () => {
    await expect(readSettings("nowhere.yaml")).rejects.toMatchObject({
      mistakes: [{ path: "settings", message: "nowhere.yaml cannot be read: ENOENT" }],
    });
  });
});

describe("alerts.rulesFile", () => {
  const settings = "image: proxy:1\nalerts: { rulesFile: rules.yaml, labels: { a: b } }\n";

  it.for<[what: string, rules: string]>([
    ["a rule file of Prometheus", GROUPS],
    ["an object of the operator", `{ "kind": "PrometheusRule", "spec": ${GROUPS} }`],
  ])("takes the groups from %s", async ([, rules]) => {
    expect(await read(settings, { "rules.yaml": rules })).toMatchObject({
      alerts: { groups: RULES, labels: { a: "b" } },
    });
  });

  it("leaves mistakes in the rules where they are reported", async () => {
    const rules = { groups: [{ name: "a", rules: [{ alert: "A" }] }] };

    await expect(read(settings, { "rules.yaml": JSON.stringify(rules) })).rejects.toMatchObject({
      mistakes: [{ path: "alerts.groups[0].rules[0].expr", message: "is missing" }],
    });
  });

  it.for([
    ["image: a:1\nalerts: { rulesFile: rules.yaml }", "cannot be read: ENOENT", {}],
    ["image: a:1\nalerts: { rulesFile: 1 }", "must be the path of a file", {}],
    ["image: a:1\nalerts: { rulesFile: r, groups: [] }", "cannot stand beside", {}],
    ["image: a:1\nalerts: { rulesFile: r }", "r has no groups of rules", { r: "kind: Secret" }],
  ] as const)("%o: %s", async ([text, message, files]) => {
    await expect(read(text, files)).rejects.toMatchObject({
      mistakes: [
        { path: "alerts.rulesFile", message: expect.stringContaining(message) as unknown },
      ],
    });
  });
});
