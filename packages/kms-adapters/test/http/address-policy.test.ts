import { describe, expect, it } from "vitest";
import { AddressError, AddressPolicy, type AddressRules } from "../../src/index.ts";

const VAULT: AddressRules = { ports: [443, 8200] };
const AZURE: AddressRules = {
  suffixes: [".vault.azure.net", ".managedhsm.azure.net"],
  singleLabel: true,
};

describe("an origin that any public host may have", () => {
  it.for([
    ["https://vault.example.com", "https://vault.example.com:443"],
    ["https://vault.example.com/", "https://vault.example.com:443"],
    ["HTTPS://Vault.Example.COM:8200", "https://vault.example.com:8200"],
    ["https://8.8.8.8:8200", "https://8.8.8.8:8200"],
    ["https://[2606:4700::1111]", "https://[2606:4700::1111]:443"],
  ] as const)("%s is admitted", ([text, origin]) => {
    expect(new AddressPolicy().admit(text, VAULT)).toMatchObject({ origin, tls: true });
  });
});

// Nothing of these is ever looked up: the resolver would fail the test.
describe("an origin that is refused as it is written", () => {
  it.for([
    // plain HTTP, other schemes, no scheme
    "http://vault.example.com",
    "http://vault.example.com:443",
    "ftp://vault.example.com",
    "file:///etc/passwd",
    "unix:/var/run/vault.sock",
    "vault.example.com",
    "//vault.example.com",
    "",
    // ports
    "https://vault.example.com:80",
    "https://vault.example.com:22",
    "https://vault.example.com:8201",
    "https://vault.example.com:0",
    "https://vault.example.com:65536",
    "https://vault.example.com:443443",
    // more than an origin
    "https://vault.example.com/v1",
    "https://vault.example.com/../admin",
    "https://vault.example.com//",
    "https://vault.example.com?x=1",
    "https://vault.example.com#x",
    "https://user@vault.example.com",
    "https://user:password@vault.example.com",
    "https://vault.example.com@169.254.169.254",
    "https://vault.example.com:443@127.0.0.1",
    // what URL parsers repair
    "https:\\\\127.0.0.1",
    "https:/127.0.0.1",
    "https:127.0.0.1",
    "https://127.0.0.1\\@vault.example.com",
    " https://vault.example.com",
    "https://vault.example.com ",
    "https://vault.exa\tmple.com",
    "https://vault.example.com\r\nX-Injected: 1",
    "https://vault.example.com%00.example.org",
    "https://%31%32%37.0.0.1",
    "https://１２７.０.０.１",
    "https://ⓥault.example.com",
    "https://vault。example。com",
    // loopback, in all spellings
    "https://127.0.0.1",
    "https://127.0.0.1.",
    "https://127.1",
    "https://127.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0.0.1",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.255.255.254",
    "https://[::1]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[::127.0.0.1]",
    "https://[64:ff9b::7f00:1]",
    "https://[2002:7f00:1::]",
    // unspecified, link-local, metadata services
    "https://0.0.0.0",
    "https://0",
    "https://[::]",
    "https://169.254.169.254",
    "https://0xa9fea9fe",
    "https://2852039166",
    "https://[::ffff:169.254.169.254]",
    "https://[fe80::1]",
    "https://[fd00:ec2::254]",
    "https://168.63.129.16",
    "https://100.100.100.200",
    "https://192.0.0.192",
    // private, shared, reserved, multicast
    "https://10.0.0.1",
    "https://172.16.0.1",
    "https://172.31.255.255",
    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://198.18.0.1",
    "https://192.0.2.1",
    "https://203.0.113.9",
    "https://224.0.0.1",
    "https://240.0.0.1",
    "https://255.255.255.255",
    "https://[fc00::1]",
    "https://[fec0::1]",
    "https://[ff02::1]",
    "https://[2001:db8::1]",
    "https://[2001::1]",
    "https://[64:ff9b:1::1]",
    "https://[100::1]",
    "https://[::ffff:8.8.8.8]",
    // a trailing dot changes which certificate and which list entry would match
    "https://vault.example.com.",
    "https://localhost.",
    // too long
    `https://${"a".repeat(63)}.${"b".repeat(300)}`,
    `https://vault.example.com/${"x".repeat(1_000_000)}`,
  ])("%s", (text) => {
    const policy = new AddressPolicy({ resolve: () => expect.unreachable() });

    expect(() => policy.admit(text, VAULT)).toThrow(AddressError);
  });
});

describe("an origin of a vendor with names of its own", () => {
  it.for([
    "https://acme.vault.azure.net",
    "https://acme.vault.azure.net/",
    "https://ACME.managedhsm.azure.net:443",
  ])("%s is admitted", (text) => {
    expect(new AddressPolicy().admit(text, AZURE).port).toBe(443);
  });

  it.for([
    "https://vault.azure.net",
    "https://.vault.azure.net",
    "https://acme.vault.azure.net.evil.example",
    "https://acmevault.azure.net",
    "https://acme.vault.azure.net.",
    "https://acme-vault.azure.net",
    "https://a.b.vault.azure.net",
    "https://vault.azure.net.acme.example",
    "https://8.8.8.8",
    "https://acme.vault.azure.net:8443",
    "https://login.microsoftonline.com",
  ])("%s is refused", (text) => {
    const policy = new AddressPolicy({ resolve: () => expect.unreachable() });

    expect(() => policy.admit(text, AZURE)).toThrow(AddressError);
  });
});

describe("a host that the operator allows", () => {
  const policy = new AddressPolicy({
    allowedHosts: [
      "vault.internal",
      "localhost:18200",
      ".corp.example",
      "http://127.0.0.1:4566",
      "[fd00::5]:8200",
      " 10.0.0.7 ",
    ],
  });

  it.for([
    "https://vault.internal",
    "https://vault.internal:8200",
    "https://VAULT.internal",
    "https://localhost:18200",
    "https://a.corp.example",
    "https://a.b.corp.example:8200",
    "http://127.0.0.1:4566",
    "http://127.1:4566",
    "http://2130706433:4566",
    "https://[fd00::5]:8200",
    "https://[FD00:0:0::5]:8200",
    "https://10.0.0.7",
    "https://10.7:8200",
  ])("%s is admitted", (text) => {
    expect(policy.admit(text, VAULT).origin).toMatch(/^https?:/);
  });

  it.for([
    "http://vault.internal",
    "https://vault.internal:9000",
    "https://vault.internal/path",
    "https://user@vault.internal",
    "https://localhost",
    "https://localhost:443",
    "https://127.0.0.1:18200",
    "https://corp.example:9000",
    "https://a.corp.example:9000",
    "http://a.corp.example",
    "http://127.0.0.1:4567",
    "http://127.0.0.1",
    "https://127.0.0.1:4566",
    "http://localhost:4566",
    "https://[fd00::5]",
    "https://[fd00::6]:8200",
    "https://10.0.0.8",
  ])("and %s is refused all the same", (text) => {
    expect(() => policy.admit(text, VAULT)).toThrow(AddressError);
  });

  it("counts as the vendor's own", () => {
    const local = new AddressPolicy({ allowedHosts: ["localhost:8443"] });

    expect(local.admit("https://localhost:8443", AZURE).port).toBe(8443);
  });

  it.for([
    "",
    "*",
    "*.corp.example",
    "https://vault.internal",
    "http://vault.internal",
    "vault.internal/path",
    "user@vault.internal",
    "vault.internal:",
    "vault.internal:0",
    "vault.internal:65536",
    ".corp.example:8200",
    "http://.corp.example:80",
    "..",
    ".",
    "10.0.0.0/8",
    "[::1",
    "[vault]",
    "::1",
    "a b",
    "-a",
  ])("is not accepted in the form '%s'", (entry) => {
    expect(() => new AddressPolicy({ allowedHosts: [entry] })).toThrow(/is no allowed host/);
  });
});
