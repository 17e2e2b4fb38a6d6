import { BlockList, isIPv4, isIPv6 } from "node:net";

// IANA special-purpose registries (RFC 6890 and its updates), multicast and reserved space.
const FORBIDDEN_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // The address under which Azure answers its own virtual machines.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

// Of IPv6 only global unicast is public at all: that leaves out loopback, link-local, unique
// local, multicast, IPv4-mapped and both NAT64 prefixes without naming them.
const PUBLIC_V6: readonly [string, number] = ["2000::", 3];

const FORBIDDEN_V6: readonly (readonly [string, number])[] = [
  // Protocol assignments: Teredo, benchmarking, ORCHID.
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4 carries an IPv4 address of any range.
  ["2002::", 16],
  ["3fff::", 20],
];

const forbidden = new BlockList();
for (const [net, prefix] of FORBIDDEN_V4) forbidden.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of FORBIDDEN_V6) forbidden.addSubnet(net, prefix, "ipv6");

const global = new BlockList();
global.addSubnet(...PUBLIC_V6, "ipv6");

/** Whether an IP address, as text, belongs to the public internet. What is no address does not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !forbidden.check(address, "ipv4");
  if (!isIPv6(address) || address.includes("%")) return false;
  return global.check(address, "ipv6") && !forbidden.check(address, "ipv6");
}
