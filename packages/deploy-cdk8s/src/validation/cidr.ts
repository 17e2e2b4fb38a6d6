import { isIP } from "node:net";

/** Why a text is no range of addresses as Kubernetes takes them; undefined when it is one. */
export function cidrMistake(cidr: string): string | undefined {
  const [address = "", length = ""] = cidr.split("/");
  const width = new Map([
    [4, 32],
    [6, 128],
  ]).get(isIP(address));
  if (width === undefined || Number(length) > width || /^0\d/.test(length)) {
    return `has no range of addresses: ${cidr}`;
  }
  const rest = BigInt(width - Number(length));
  const value = width === 32 ? ipv4Value(address) : ipv6Value(address);
  return (value >> rest) << rest === value
    ? undefined
    : `has an address with bits beyond the prefix: ${cidr}`;
}

function ipv4Value(address: string): bigint {
  return valueOf(address.split(".").map(Number), 8n);
}

function ipv6Value(address: string): bigint {
  // As a host it has its shortest form, without an IPv4 address at its end.
  const { hostname } = new URL(`http://[${address}]`);
  const [head = [], tail] = hostname.slice(1, -1).split("::").map(groupsOf);
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  return valueOf([...head, ...Array.from({ length: zeros }, () => 0), ...(tail ?? [])], 16n);
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

function valueOf(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n);
}
