import { code, table } from "../config/markdown.ts";
import { KMS_TYPES, type KmsType } from "../tenants/tenant.ts";
import { VENDOR_FIELDS, type VendorField } from "./document/vendor-fields.ts";
import { EXAMPLE_DOCUMENT } from "./example-document.ts";

type Row = readonly [member: string, form: string, meaning: string];

const DOCUMENT: readonly Row[] = [
  ["`version`", "`1`", "Version of this model."],
  ["`kmsConfigurations`", "list", "How to reach each KMS."],
  ["`tenants`", "list", "Who uses which of them."],
];

const CONFIGURATION: readonly Row[] = [
  [
    "`id`",
    "1 – 2,147,483,647",
    "Stored in every EDEK. Stable, never reused: customers search their data by it.",
  ],
  ["`type`", KMS_TYPES.map(code).join(", "), "Vendor. Decides what the next two hold."],
  ["`keyPath`", "object", "Which key. See below."],
  ["`credentials`", "object", "How to be let in. See below."],
  ["`leasingAllowed`", "`true`, `false`", "Whether keys may be leased. `false` when left out."],
];

const TENANT: readonly Row[] = [
  ["`id`", "text", "The tenant's id as applications send it; any text, in quotes if need be."],
  ["`configurations`", "list", "Its KMS configurations."],
  ["`configurations[].id`", "number", "Id of one of `kmsConfigurations`."],
  ["`configurations[].active`", "`true`, `false`", "May unwrap. `true` when left out."],
  [
    "`configurations[].primary`",
    "`true`, `false`",
    "Wraps. At most one per tenant, and only while it is active. `false` when left out.",
  ],
  [
    "`keyLeasingRequired`",
    "`true`, `false`",
    "Refuses to wrap (207) with a primary that does not allow leasing. `false` when left out.",
  ],
  ["`tags`", "list of texts", "Kept for the Configuration Broker; this source serves all tenants."],
];

const RULES = `## The configuration file

\`TSP_CONFIG_FILE\` names a YAML 1.2 or JSON file of at most 64 MiB, in UTF-8. It is read again at every
refresh and as soon as it, or a file that it refers to, changes. Replace it by a rename, as editors and
Kubernetes do, so that nobody reads half of it.

- **A mistake of the whole** – a file that does not parse, a key that is there twice, ids that are there
  twice, a reference to nothing, two primaries – is refused: the proxy does not start (exit code 78), and
  a running one keeps what it has, for up to \`TSP_CONFIG_MAX_AGE_MS\`. Every mistake is reported with line,
  column and path.
- **A configuration that cannot be used** – an unknown type, a member that is missing or of another
  form – is left out. Its tenants get code 207 with the reason; all others are served.
- **A field that nobody knows** is reported and ignored.

### Secrets

Every text in \`credentials\` may stand in the file, or elsewhere:

- \`{ fromFile: path }\` – a regular file of at most 64 KiB, relative to the configuration file. Line breaks
  at its end are not part of it. Links are followed at every read, as Kubernetes mounts need it.
- \`{ fromEnv: NAME }\` – an environment variable of the proxy, but not one of its own keys.

Keys of \`LOCAL\` can only stand elsewhere. References are resolved when a configuration is used first; one
that leads nowhere is code 207 and names the member. A secret file that was replaced is noticed like a
changed configuration. \`sealed\` is kept for the Configuration Broker and cannot be used yet.

Tenant secrets, from which keys are derived, are made on demand and kept in the folder \`tenant-secrets\`
next to the configuration file, wrapped by the tenant's KMS. The proxy needs to write there, on a file
system with hard links; several proxies may share the folder. **Back it up**: what was encrypted under a
secret that is lost cannot be decrypted any more.`;

/** The section of `docs/configuration.md` about the configuration file. */
export function renderDocumentSection(): string {
  const head = ["Member", "Form", "Meaning"];
  return [
    RULES,
    "### Document",
    table(head, DOCUMENT).join("\n"),
    "### `kmsConfigurations[]`",
    table(head, CONFIGURATION).join("\n"),
    ...KMS_TYPES.flatMap((type) => [`#### ${code(type)}`, vendorTable(type)]),
    "### `tenants[]`",
    table(head, TENANT).join("\n"),
    "### Example",
    `\`\`\`yaml\n${EXAMPLE_DOCUMENT}\`\`\``,
  ].join("\n\n");
}

function vendorTable(type: KmsType): string {
  const { keyPath, credentials, oneOf } = VENDOR_FIELDS[type];
  const rows = [
    ...keyPath.map((field) => row("keyPath", field)),
    ...credentials
      .filter(({ kind }) => kind !== "unused")
      .map((field) => row("credentials", field)),
  ];
  const lines = table(["Member", "Form", "", "Meaning"], rows);
  if (oneOf === undefined) return lines.join("\n");
  const sets = oneOf.map((names) => names.map(code).join(" and ")).join(", or ");
  return [...lines, "", `Exactly one of: ${sets}.`].join("\n");
}

function row(object: string, { name, kind, required, only, about }: VendorField): string[] {
  const form = { text: "text", flag: "`true`, `false`", pairs: "object of texts", keys: "list" };
  return [
    code(`${object}.${name}`),
    kind === "unused" ? "" : only === undefined ? form[kind] : code(only),
    required ? "required" : "",
    about,
  ];
}
