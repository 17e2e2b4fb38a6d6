import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { document, gcp, local, tenant } from "../helpers.ts";
import { credentials, model, parse } from "./helpers.ts";

const EXAMPLE = `
version: 1
kmsConfigurations:
  - id: 534
    type: GCP
    keyPath: { projectId: p, locationId: l, keyRingId: r, cryptoKeyId: c }
    credentials: { client_email: me@example.com, private_key: { fromFile: gcp.pem } }
    leasingAllowed: true
  - id: 535
    type: LOCAL
    keyPath: { keyName: demo }
    credentials: { keys: [{ version: 1, key: { fromEnv: LOCAL_KEY } }], disabled: true }
tenants:
  - id: acme
    configurations: [{ id: 534, active: true, primary: true }, { id: 535 }]
    keyLeasingRequired: true
    tags: [production]
  - id: nobody
`;

describe("a document", () => {
  it("becomes configurations and tenants", () => {
    expect(model(EXAMPLE)).toEqual({
      configurations: [
        {
          id: 534,
          type: "GCP",
          keyPath: { projectId: "p", locationId: "l", keyRingId: "r", cryptoKeyId: "c" },
          credentials: { client_email: "me@example.com", private_key: { fromFile: "gcp.pem" } },
          files: ["gcp.pem"],
          leasingAllowed: true,
          fingerprint: expect.stringMatching(/^[\w-]{22}$/),
        },
        {
          id: 535,
          type: "LOCAL",
          keyPath: { keyName: "demo" },
          credentials: { keys: [{ version: 1, key: { fromEnv: "LOCAL_KEY" } }], disabled: true },
          files: [],
          leasingAllowed: false,
          fingerprint: expect.stringMatching(/^[\w-]{22}$/),
        },
      ],
      tenants: [
        {
          id: "acme",
          configurations: [
            { id: 534, active: true, primary: true },
            { id: 535, active: true, primary: false },
          ],
          keyLeasingRequired: true,
        },
        { id: "nobody", configurations: [], keyLeasingRequired: false },
      ],
      problems: [],
    });
  });

  it("may have no tenants yet", () => {
    expect(model("{version: 1, kmsConfigurations: [], tenants: []}").tenants).toEqual([]);
  });

  it.for(["__proto__", "constructor", "0", "ä ☃ 𝄞", "x".repeat(2_000), "a\nb", " "])(
    "may have a tenant called %j",
    (id) => {
      expect(model(document([local(1)], [tenant(id, 1)])).tenants.map((each) => each.id)).toEqual([
        id,
      ]);
    },
  );

  it.for([1, 2 ** 31 - 1])("may have a configuration with the id %i", (id) => {
    expect(model(document([local(id)], [])).configurations[0]?.id).toBe(id);
  });

  it("may begin with a byte order mark", () => {
    expect(model(`\uFEFF${EXAMPLE}`).tenants).toHaveLength(2);
  });
});

describe("problems", () => {
  it("name fields that nobody knows, on every level", () => {
    const { problems } = model(`version: 1
comment: x
kmsConfigurations:
  - id: 1
    type: LOCAL
    name: demo
    keyPath: { keyName: k, region: x }
    credentials: { keys: [{ version: 1, key: { fromEnv: K }, note: y }], token: z }
tenants:
  - id: acme
    plan: gold
    configurations: [{ id: 1, comment: x }]
`);

    expect(problems).toEqual([
      "c.yaml:2:1 comment: unknown field, ignored",
      "c.yaml:6:5 kmsConfigurations[0].name: unknown field, ignored",
      "c.yaml:7:28 kmsConfigurations[0].keyPath.region: unknown field, ignored",
      "c.yaml:8:62 kmsConfigurations[0].credentials.keys[0].note: unknown field, ignored",
      "c.yaml:8:74 kmsConfigurations[0].credentials.token: unknown field, ignored",
      "c.yaml:11:5 tenants[0].plan: unknown field, ignored",
      "c.yaml:12:31 tenants[0].configurations[0].comment: unknown field, ignored",
    ]);
  });

  it("do not name what a Google service-account file usually holds, which nobody uses", () => {
    const { configurations, problems } = model(
      document(
        [
          gcp(
            1,
            credentials({ type: "service_account", token_uri: "https://evil", project_id: "p" }),
          ),
        ],
        [],
      ),
    );

    expect(problems).toEqual([]);
    expect(configurations[0]).toMatchObject({
      credentials: { client_email: "me@example.com", private_key: "PEM", type: "service_account" },
    });
    expect(JSON.stringify(configurations)).not.toContain("evil");
  });

  it("name a primary that is not active", () => {
    const { tenants, problems } = model(
      document(
        [local(1), local(2)],
        [
          {
            id: "acme",
            configurations: [
              { id: 1, active: false, primary: true },
              { id: 2, primary: true },
            ],
          },
        ],
      ),
    );

    expect(problems).toEqual([
      expect.stringContaining("KMS configuration 1 is not active: primary is ignored"),
    ]);
    expect(tenants[0]?.configurations).toHaveLength(2);
  });

  it("name a primary that does not allow the leasing its tenant requires", () => {
    const strict = { ...tenant("acme", 1), keyLeasingRequired: true };

    expect(model(document([local(1)], [strict])).problems).toEqual([
      expect.stringContaining(
        "tenants[0].keyLeasingRequired: the primary KMS configuration 1 does not allow leasing",
      ),
    ]);
    expect(model(document([local(1, { leasingAllowed: true })], [strict])).problems).toEqual([]);
  });

  it("name tags that are no texts", () => {
    expect(model(document([], [{ id: "acme", tags: "production" }])).problems).toEqual([
      expect.stringContaining("tenants[0].tags: expected a list of texts; ignored"),
    ]);
  });

  it("never show a value that may be a secret", () => {
    const secret = "sEcReT";
    const text = document(
      [
        gcp(1, credentials({ private_key: [secret], client_email: { fromFile: "a", x: secret } })),
        local(2, { credentials: { keys: [{ version: secret, key: secret }], disabled: secret } }),
        gcp(3, { credentials: secret, leasingAllowed: secret }),
      ],
      [],
    );
    expect(JSON.stringify(model(text))).not.toContain(secret);
  });
});

describe("whatever a document holds", () => {
  it("there is a model or a list of mistakes, each one line that begins with the file", () => {
    const entry = fc.oneof(fc.jsonValue(), fc.constant(local(1)), fc.constant(gcp(2)));
    const parts = fc.record(
      {
        version: fc.oneof(fc.constant(1), fc.jsonValue()),
        kmsConfigurations: fc.oneof(fc.array(entry, { maxLength: 4 }), fc.jsonValue()),
        tenants: fc.oneof(
          fc.array(fc.oneof(fc.jsonValue(), fc.constant(tenant("acme", 1))), { maxLength: 4 }),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    );

    fc.assert(
      fc.property(parts, (given) => {
        const parsed = parse(JSON.stringify(given));
        const lines = parsed.mistakes ?? parsed.model.problems;
        for (const line of lines) expect(line).toMatch(/^c\.yaml(:\d+:\d+)?[: ][^\n]*$/);
        expect(parsed.mistakes?.length).not.toBe(0);
      }),
    );
  });
});
