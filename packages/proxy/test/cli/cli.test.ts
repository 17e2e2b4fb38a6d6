import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { packageVersion } from "../../src/version.ts";
import { FakeTerminal } from "./fake-terminal.ts";

describe("the command line", () => {
  it.for([["--help"], ["-h"], ["help"]])("lists every command for %s", async (args) => {
    const { code, out, err } = await run(args);

    expect([code, err]).toEqual([0, ""]);
    for (const { name, summary } of COMMANDS) {
      expect(out).toContain(`  ${name} `);
      expect(out).toContain(summary);
    }
  });

  it.for([["--version"], ["-v"]])("prints the version of the package for %s", async (args) => {
    expect(await run(args)).toEqual({ code: 0, out: `${packageVersion()}\n`, err: "" });
    expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.for([
    [[], "a command is missing"],
    [["frobnicate"], 'unknown command "frobnicate"'],
    [["events"], "a command is missing"],
    [["events", "frobnicate"], 'unknown command "events frobnicate"'],
    [["constructor"], 'unknown command "constructor"'],
  ] as const)("explains %j on standard error and exits with 64", async ([args, reason]) => {
    const { code, out, err } = await run(args);

    expect([code, out]).toEqual([64, ""]);
    expect(err).toContain(`tenant-security-proxy: ${reason}\n`);
    expect(err).toContain("Usage: tenant-security-proxy");
  });

  it("lists the commands of a group", async () => {
    const { code, out } = await run(["events", "--help"]);

    expect(code).toBe(0);
    expect(out).toContain("events tail");
    expect(out).not.toContain("inspect-edek");
  });
});

describe.for(COMMANDS.map((command) => [command.name, command] as const))(
  "the help of %s",
  ([name, command]) => {
    it("shows usage, every option and what every exit code means", async () => {
      const { code, out, err } = await run([...name.split(" "), "--help"]);

      expect([code, err]).toEqual([0, ""]);
      expect(out).toContain(`Usage: tenant-security-proxy ${name}`);
      for (const option of Object.keys(command.options)) {
        expect(out).toMatch(new RegExp(`^  --${option}( [A-Z]+)?  +\\S`, "m"));
      }
      expect(Object.keys(command.exitCodes)).toContain("0");
      for (const exitCode of Object.keys(command.exitCodes)) {
        expect(out).toMatch(new RegExp(`^  ${exitCode} +\\S`, "m"));
      }
    });

    it("mentions in its usage every option there is", () => {
      for (const option of Object.keys(command.options)) {
        expect(command.synopsis).toContain(`--${option}`);
      }
    });

    it("is pointed to when the arguments are wrong", async () => {
      const { code, out, err } = await run([...name.split(" "), "--frobnicate"]);

      expect([code, out]).toEqual([64, ""]);
      expect(err).toContain("Unknown option '--frobnicate'");
      expect(err).toContain(`Try: tenant-security-proxy ${name} --help`);
    });

    it("fits on a screen of 100 columns", async () => {
      const { out } = await run([...name.split(" "), "--help"]);

      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    });
  },
);

describe("a command that fails", () => {
  it("shows one line for each mistake and gives its exit code", async () => {
    const command = aCommand(() => {
      throw new CliError(["first mistake", "second mistake"], 78);
    });

    expect(await run(["try"], [command])).toEqual({
      code: 78,
      out: "",
      err: "tenant-security-proxy: first mistake\ntenant-security-proxy: second mistake\n",
    });
  });

  it("lets through what nobody expected", async () => {
    const command = aCommand(() => {
      throw new TypeError("a bug");
    });

    await expect(run(["try"], [command])).rejects.toThrow("a bug");
  });
});

describe("arguments", () => {
  it.for([
    [["one", "two"], 'unexpected argument "two"'],
    [[], "an argument is missing"],
    [["one", "--size"], "Option '--size <value>' argument missing"],
    [["one", "--size", "huge"], '--size is "huge" and must be one of small, large'],
    [["one", "--name="], "--name is missing"],
    [["one"], "--name is missing"],
  ] as const)("%j are refused", async ([args, reason]) => {
    const command = aCommand((parsed) => {
      parsed.choice("size", ["small", "large"]);
      parsed.required("name");
      return 0;
    });

    const { code, err } = await run(["try", ...args], [command]);

    expect([code, err.split("\n")[0]]).toEqual([64, `tenant-security-proxy: ${reason}`]);
  });
});

function aCommand(act: (args: Parameters<Command["run"]>[0]) => number): Command {
  return {
    name: "try",
    summary: "tries",
    synopsis: "",
    description: "",
    options: { size: { value: "SIZE", help: "" }, name: { value: "NAME", help: "" } },
    positionals: act.length === 0 ? [0, 0] : [1, 1],
    exitCodes: { 0: "done" },
    run: async (args) => act(args),
  };
}

async function run(args: readonly string[], commands = COMMANDS) {
  const terminal = new FakeTerminal();
  const code = await runCli(commands, args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}
