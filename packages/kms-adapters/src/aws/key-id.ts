/** Where a key lives. Region and account are undefined when its identifier does not tell. */
export interface AwsKeyId {
  /** As the configuration wrote it, sent to AWS unchanged. */
  readonly text: string;
  readonly region: string | undefined;
  readonly account: string | undefined;
  /** `<id>` of `key/<id>`; undefined for an alias, which may lead to any key. */
  readonly id: string | undefined;
  readonly isArn: boolean;
}

const ID = /^[\w-]{1,256}$/;
const ALIAS = /^alias\/[\w/-]{1,250}$/;
const ARN =
  /^arn:(?<partition>aws[a-z-]*):kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<resource>.+)$/;

/** Undefined when the text is no key id, alias, key ARN or alias ARN. */
export function parseKeyId(text: string): AwsKeyId | undefined {
  const { partition, region, account, resource } = ARN.exec(text)?.groups ?? {};
  if (resource === undefined) return bareKeyId(text);
  if (region === undefined || partitionOf(region)?.name !== partition) return undefined;
  const id = resource.startsWith("key/") ? resource.slice("key/".length) : undefined;
  const known = id === undefined ? ALIAS.test(resource) : ID.test(id);
  return known ? { text, region, account, id, isArn: true } : undefined;
}

function bareKeyId(text: string): AwsKeyId | undefined {
  const nowhere = { text, region: undefined, account: undefined, isArn: false };
  if (ALIAS.test(text)) return { ...nowhere, id: undefined };
  return ID.test(text) ? { ...nowhere, id: text } : undefined;
}

/** Whether the ARN that AWS answered with is the key that was asked for. */
export function isSameKey(asked: AwsKeyId, region: string, answered: unknown): boolean {
  const key = typeof answered === "string" ? parseKeyId(answered) : undefined;
  if (key?.isArn !== true || key.id === undefined || key.region !== region) return false;
  if (asked.account !== undefined && asked.account !== key.account) return false;
  return asked.id === undefined || asked.id === key.id;
}

export interface AwsPartition {
  readonly name: string;
  readonly suffix: string;
}

// What the SDK's own partition table says; regions are opened far more often than partitions.
const PARTITIONS: readonly (AwsPartition & { readonly regions: RegExp })[] = [
  {
    name: "aws",
    suffix: "amazonaws.com",
    regions: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z0-9]+-\d+$/,
  },
  { name: "aws-cn", suffix: "amazonaws.com.cn", regions: /^cn-[a-z0-9]+-\d+$/ },
  { name: "aws-us-gov", suffix: "amazonaws.com", regions: /^us-gov-[a-z0-9]+-\d+$/ },
  { name: "aws-iso", suffix: "c2s.ic.gov", regions: /^us-iso-[a-z0-9]+-\d+$/ },
  { name: "aws-iso-b", suffix: "sc2s.sgov.gov", regions: /^us-isob-[a-z0-9]+-\d+$/ },
  { name: "aws-iso-e", suffix: "cloud.adc-e.uk", regions: /^eu-isoe-[a-z0-9]+-\d+$/ },
  { name: "aws-iso-f", suffix: "csp.hci.ic.gov", regions: /^us-isof-[a-z0-9]+-\d+$/ },
  { name: "aws-eusc", suffix: "amazonaws.eu", regions: /^eusc-[a-z]+-[a-z0-9]+-\d+$/ },
];

/** Undefined for a region that no partition has. */
export function partitionOf(region: string): AwsPartition | undefined {
  return PARTITIONS.find(({ regions }) => regions.test(region));
}
