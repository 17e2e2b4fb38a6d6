import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress, parseIp } from "../../src/config/bind-address.ts";

const FALLBACK = { host: "0.0.0.0", port: 7777 };

describe("a bind address", () => {
  it.for([
    ["127.0.0.1", "127.0.0.1", 7777],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["127.0.0.1:65535", "127.0.0.1", 65_535],
    ["::", "::", 7777],
    ["::1", "::1", 7777],
    ["[::1]", "::1", 7777],
    ["[::1]:80", "::1", 80],
    ["[2001:db8::1]:9000", "2001:db8::1", 9000],
    ["2001:db8::1:9000", "2001:db8::1:9000", 7777],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1", 7777],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
  ] as const)("%s means host %s and port %i", ([text, host, port]) => {
    expect(parseAddress(text, FALLBACK).value).toEqual({ host, port });
  });

  it.for([
    "localhost",
    "localhost:80",
    ":80",
    "80",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:99999",
    "127.0.0.1:080",
    "127.0.0.1:-1",
    "127.0.0.1:1e3",
    "127.0.0.1: 80",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1:80\n",
    "256.0.0.1",
    "010.0.0.1",
    "[127.0.0.1]",
    "[127.0.0.1]:80",
    "[::1",
    "::1]",
    "[::1]80",
    "[::1]:",
    "[]:80",
    "[::1]:80:80",
    "tcp://127.0.0.1:80",
    "*",
    "*:80",
  ])("%j is refused with the right forms", (text) => {
    expect(parseAddress(text, FALLBACK).expected).toContain("IP or IP:PORT");
  });

  it("takes back every address that it writes", () => {
    const address = fc.record({
      host: fc.oneof(fc.ipV4(), fc.ipV6()).filter((host) => isIP(host) !== 0),
      port: fc.integer({ min: 0, max: 65_535 }),
    });

    fc.assert(
      fc.property(address, (given) => {
        expect(parseAddress(formatAddress(given), FALLBACK).value).toEqual(given);
      }),
    );
  });
});

describe("an IP address for all services", () => {
  it.for([
    ["10.0.0.1", "10.0.0.1"],
    ["::", "::"],
    ["[::1]", "::1"],
  ] as const)("%s is %s", ([text, host]) => {
    expect(parseIp(text).value).toBe(host);
  });

  it.for(["127.0.0.1:80", "[::1]:80"])("%s is refused because of its port", (text) => {
    expect(parseIp(text).expected).toContain("without a port");
  });

  it.for(["", "localhost", "[127.0.0.1]", "1.2.3"])("%j is refused", (text) => {
    expect(parseIp(text).expected).toContain("an IP address");
  });
});
