import { describe, expect, it } from "vitest";
import { document, local } from "../helpers.ts";
import { parse } from "./helpers.ts";

describe("a document is refused as a whole", () => {
  it.for([
    ["is empty", "", "c.yaml: the file is empty"],
    ["is blank", " \n\n", "c.yaml: the file is empty"],
    ["is only a comment", "# nothing\n", "c.yaml:1:1: expected an object with version,"],
    ["is a list", "- 1\n", "c.yaml:1:1: expected an object with version, kmsConfigurations"],
    ["is a word", "hello", "c.yaml:1:1: expected an object with"],
    ["is cut", '{"version": 1, "tenants": [', "c.yaml:1:28: unexpected end of the stream"],
    ["names a key twice", "version: 1\nversion: 1\n", "c.yaml:2:1: duplicated mapping key"],
    ["has no version", "{kmsConfigurations: [], tenants: []}", "c.yaml:1:1 version: expected 1"],
    ["has another version", whole("version: 2"), "c.yaml:1:1 version: expected 1"],
    ["has a version in quotes", whole('version: "1"'), "c.yaml:1:1 version: expected 1"],
    ["has no tenants", "version: 1\nkmsConfigurations: []", "tenants: is missing: expected a list"],
    [
      "has empty tenants",
      "version: 1\nkmsConfigurations: []\ntenants:",
      "3:1 tenants: expected a list",
    ],
    ["has no configurations", "version: 1\ntenants: []", "kmsConfigurations: is missing"],
    [
      "has an object of tenants",
      "version: 1\nkmsConfigurations: []\ntenants: {a: 1}",
      "expected a list",
    ],
  ] as const)("when it %s", ([, text, message]) => {
    expect(mistakes(text)).toEqual([expect.stringContaining(message)]);
  });

  it("when it is not UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from("version: 1 # "), Buffer.from([0xff, 0xfe])]);
    expect(parse(bytes).mistakes).toEqual(["c.yaml: expected text in UTF-8"]);
  });

  it.for([0, -1, 1.5, 2 ** 31, "534", null, true, [1], undefined])(
    "when a configuration has the id %j",
    (id) => {
      expect(mistakes(document([local(1, { id })], []))).toEqual([
        expect.stringMatching(
          /^c.yaml:\d+:\d+ kmsConfigurations\[0\]\.id: expected a whole number from 1 to 2147483647$/,
        ),
      ]);
    },
  );

  it.for([0, 5, "1", null, undefined])("when a tenant names the configuration %j", (id) => {
    const text = document([local(1)], [{ id: "acme", configurations: [{ id }] }]);
    expect(mistakes(text)).toEqual([expect.stringContaining("tenants[0].configurations[0].id: ")]);
  });

  it.for(["", 7, null, undefined, ["a"], { a: 1 }, "\ud800"])(
    "when a tenant has the id %j",
    (id) => {
      expect(mistakes(document([], [{ id }]))).toEqual([
        expect.stringContaining(
          "tenants[0].id: expected text of at least one character, in quotes",
        ),
      ]);
    },
  );

  it.for([
    ["is no object", ["acme"], "tenants[0]: expected an object with an id"],
    ["is nothing", [null], "tenants[0]: expected an object with an id"],
    [
      "has no list",
      [{ id: "a", configurations: null }],
      "tenants[0].configurations: expected a list",
    ],
    [
      "lists numbers",
      [{ id: "a", configurations: [1] }],
      "tenants[0].configurations[0]: expected an",
    ],
    ["says yes", [{ id: "a", keyLeasingRequired: "yes" }], "keyLeasingRequired: expected true or"],
    ["is active somehow", [assigning({ active: 1 })], "configurations[0].active: expected true or"],
    ["is primary somehow", [assigning({ primary: "true" })], "configurations[0].primary: expected"],
    [
      "has one twice",
      [assigning({}, {})],
      "tenants[0].configurations: assigns a KMS configuration twice",
    ],
  ] as const)("when a tenant %s", ([, tenants, message]) => {
    expect(mistakes(document([local(1)], tenants))).toEqual([expect.stringContaining(message)]);
  });

  it("when a tenant has two primaries", () => {
    const both = [1, 2].map((id) => ({ id, primary: true }));
    expect(
      mistakes(document([local(1), local(2)], [{ id: "acme", configurations: both }])),
    ).toEqual([
      expect.stringContaining("expected at most one primary KMS configuration, found 1, 2"),
    ]);
  });

  it("when an id is there twice, with the place of the second", () => {
    const text = `version: 1
kmsConfigurations:
  - {id: 7, type: LOCAL}
  - {id: 7, type: AWS}
tenants:
  - id: acme
  - id: globex
  - id: acme
`;
    expect(mistakes(text)).toEqual([
      "c.yaml:4:6 kmsConfigurations[1].id: the KMS configuration 7 is there twice",
      'c.yaml:8:5 tenants[2].id: the tenant "acme" is there twice',
    ]);
  });

  it("with all of its mistakes, in the order of the file", () => {
    const text = `version: 3
tenants:
  - id: acme
    configurations: [{id: 9}]
    keyLeasingRequired: maybe
  - 12
kmsConfigurations:
  - type: GCP
  - id: 0
`;
    expect(mistakes(text)).toEqual([
      "c.yaml:1:1 version: expected 1, the only version that this proxy reads",
      "c.yaml:4:23 tenants[0].configurations[0].id: there is no KMS configuration 9",
      "c.yaml:5:5 tenants[0].keyLeasingRequired: expected true or false",
      "c.yaml:6:5 tenants[1]: expected an object with an id",
      "c.yaml:8:5 kmsConfigurations[0].id: expected a whole number from 1 to 2147483647",
      "c.yaml:9:5 kmsConfigurations[1].id: expected a whole number from 1 to 2147483647",
    ]);
  });

  it("with the first thousand mistakes and the number of the others", () => {
    const tenants = Array.from({ length: 1_500 }, () => 7);
    const found = mistakes(document([], tenants));

    expect(found).toHaveLength(1_001);
    expect(found.at(-1)).toBe("c.yaml: and 500 more");
  });

  it("when its aliases stand for more than anybody could serve", () => {
    const list = Array.from({ length: 6_000 }, () => "{id: 1}").join(", ");
    const tenants = Array.from(
      { length: 1_000 },
      (_, index) => `  - {id: t${index}, configurations: *l}`,
    );
    const text = `version: 1
kmsConfigurations: [{id: 1, type: X}]
tenants:
  - {id: first, configurations: &l [${list}]}
${tenants.join("\n")}
`;
    expect(mistakes(text)).toContainEqual(
      expect.stringContaining("the tenants have more assignments than can be served"),
    );
  });
});

function mistakes(text: string): readonly string[] {
  return parse(text).mistakes ?? [];
}

function whole(version: string): string {
  return `${version}\nkmsConfigurations: []\ntenants: []\n`;
}

function assigning(...changes: readonly object[]): object {
  return { id: "acme", configurations: changes.map((change) => ({ id: 1, ...change })) };
}
