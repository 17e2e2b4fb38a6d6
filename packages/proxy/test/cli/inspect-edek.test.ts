import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { FakeTerminal } from "./fake-terminal.ts";

/** Of the published clients' tests: configuration 534 without a lease, 511 with lease 640. */
const UNLEASED =
  "CnYKcQokAMuLEZXMyIGIGj3qsI9uMPPIu3IjrQXRGdZuwWTj5OGOlp8LEkkAL8l2cUyJvtUTsWlWxzKByKGEdyDkn6d+" +
  "3s86LQR0eEYxVNOosiLggyHmeuopfuMw21qfW2nTx5ughZJTUPMyA7VJggG9HjqVEJYE";
const LEASED =
  "CsABCjCkFe10OS/aiG6p9I0ijOirFq1nsRE8cPMog/bhOS0vYv5OCrYGZMSxOlo6dMJEYNgQ/wMYgAUiDEzjRFRtGVz1" +
  "SRGWoip4CnYKcQokAKUEZIeCIuR/vrw3x2e4iWJRBfNjd/huZXKWoRxk5G5Ae6neEkkA3PhOjCcLd/QJqPK+ML9smJ0d" +
  "eGE4dmgtkBD1qgk0bygWrrmHZl+Oq7Sjdi63aS2JQqo9MaYvuGPoVipJdlfCMmdtsCmQefq2EP8D";

describe("inspect-edek", () => {
  it("tells the configuration of an EDEK that a KMS wrapped", async () => {
    const { code, out } = await inspect([UNLEASED]);

    expect(code).toBe(0);
    expect(out).toMatch(/KMS configuration +534\n/);
    expect(out).toMatch(/wrapped by +the KMS itself\n/);
    expect(out).toMatch(/ciphertext +113 bytes\n/);
  });

  it("tells lease, cipher and binding of a leased one", async () => {
    const { code, out } = await inspect([LEASED]);

    expect(code).toBe(0);
    expect(out).toMatch(/KMS configuration +511\n/);
    expect(out).toMatch(/wrapped by +leased key 640\n/);
    expect(out).toMatch(/binding +none/);
  });

  it("prints the same as JSON", async () => {
    const { out } = await inspect(["--json", LEASED]);

    expect(JSON.parse(out)).toMatchObject({ kmsConfigId: 511, lease: { id: 640 }, problems: [] });
  });

  it("prints what the KMS made alone, ready for base64", async () => {
    const { out } = await inspect(["--ciphertext", LEASED]);
    const { out: json } = await inspect(["--json", LEASED]);

    expect(out).toMatch(/^CiQA[\w+/]+={0,2}\n$/);
    expect(JSON.parse(json)).toMatchObject({ kmsCiphertext: out.trim() });
  });

  it("reads standard input for -", async () => {
    const { code, out } = await inspect(["-"], `${UNLEASED}\n`);

    expect([code, out]).toEqual([0, expect.stringContaining("534")]);
  });

  it.for(["edek", "ZWRlaw==", "", "%%%", "Cg=="])("refuses %j with exit code 1", async (text) => {
    const { code, out, err } = await inspect([text]);

    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^tenant-security-proxy: Provided EDEK didn't contain IronCore EDEKs.*\n$/);
  });
});

async function inspect(args: readonly string[], input = "") {
  const terminal = new FakeTerminal({}, input);
  const code = await runCli(COMMANDS, ["inspect-edek", ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}
