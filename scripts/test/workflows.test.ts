import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WORKFLOWS = join(ROOT, ".github/workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const texts = new Map(
  readdirSync(WORKFLOWS).map((name) => [name, readFileSync(join(WORKFLOWS, name), "utf8")]),
);
const workflows = new Map([...texts].map(([name, text]) => [name, load(text) as Workflow]));
const setup = readFileSync(join(ROOT, ".github/actions/setup/action.yml"), "utf8");
const { runs } = load(setup) as { readonly runs: { readonly steps: readonly Step[] } };

/** What a job runs of others, and by which line of which text. */
const used = [...texts.values(), setup].flatMap((text) =>
  [...text.matchAll(/uses: (\S+)(.*)$/gm)].map(([, target = "", rest = ""]) => ({ target, rest })),
);

const others = used.filter(({ target }) => !isOurs(target));

const jobs = [...workflows].flatMap(([file, { jobs: all }]) =>
  Object.entries(all).map(([id, job]) => ({ file, id, job, name: `${file}: ${id}` })),
);

describe("what workflows use", () => {
  it("is there, where it is ours", () => {
    const ours = used.filter(({ target }) => isOurs(target));

    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter(({ target }) => !existsSync(join(ROOT, target.slice(2))))).toEqual([]);
  });

  it("is pinned to one commit whose version is named, where it is not", () => {
    const unpinned = others.filter(
      ({ target, rest }) =>
        !/^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/.test(target) || !/^ # v\d+\.\d+\.\d+$/.test(rest),
    );

    expect(others.length).toBeGreaterThan(0);
    expect(unpinned).toEqual([]);
  });

  it("has one version of each repository", () => {
    const versions = new Map<string, Set<string>>();
    for (const { target, rest } of others) {
      const repository = target.replace(/^([^/]+\/[^/@]+).*$/, "$1");
      const known = versions.get(repository) ?? new Set();
      versions.set(repository, known.add(target.replace(/^.*@/, "") + rest));
    }

    expect([...versions].filter(([, { size }]) => size > 1)).toEqual([]);
  });
});

describe.for([...workflows])("the workflow %s", ([, workflow]) => {
  it("permits nothing by itself", () => {
    expect(workflow.permissions).toEqual({});
  });
});

describe.for(jobs)("the job $name", ({ job }) => {
  it("says what it may do, and ends some day", () => {
    expect(job.permissions).toBeTypeOf("object");
    // A job that calls a workflow ends with that one's jobs.
    expect(job.uses ?? job["timeout-minutes"]).toBeDefined();
  });

  it("puts nothing from outside into a script", () => {
    const scripts = [...(job.steps ?? []), ...runs.steps].flatMap(({ run }) => run ?? []);

    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
  });
});

describe("a release", () => {
  const release = jobs.filter(({ file }) => file === "release.yml");

  it("proves who it is in the one job that publishes", () => {
    const trusted = jobs.filter(({ job }) => job.permissions?.["id-token"] !== undefined);

    expect(trusted.map(({ name }) => name)).toEqual(["release.yml: publish"]);
  });

  it("needs no secret but the one of the run", () => {
    const secrets = [...texts.values()].flatMap((text) => text.match(/secrets\.\w+/g) ?? []);

    expect(new Set(secrets)).toEqual(new Set(["secrets.GITHUB_TOKEN"]));
  });

  it("takes nothing from a cache", () => {
    const setups = release
      .flatMap(({ job }) => job.steps ?? [])
      .filter(({ uses }) => isSetup(uses));

    expect(setups.length).toBeGreaterThan(0);
    expect(setups.map((step) => step.with?.["cache"])).toEqual(setups.map(() => "false"));
  });

  it("packs nothing before all checks of CI have passed", () => {
    const { pack, ci } = workflows.get("release.yml")!.jobs;

    expect(ci?.uses).toBe("$/.github/workflows/ci.yml");
    expect(pack?.needs).toContain("ci");
  });
});

describe("CI", () => {
  const { "all-green": last, ...before } = workflows.get("ci.yml")!.jobs;

  it("is all green when every other job is", () => {
    expect(last?.needs).toEqual(Object.keys(before));
  });

  it("tries packages on every Node that they promise to work on", () => {
    const { engines } = JSON.parse(
      readFileSync(join(ROOT, "packages/proxy/package.json"), "utf8"),
    ) as { readonly engines: { readonly node: string } };
    const promised = engines.node.match(/\d+(?=\.|$)/g)?.filter((major) => Number(major) > 20);

    const tried = before["packages"]?.strategy?.matrix["node"]?.map(String);

    expect(tried).toEqual([...new Set(promised)]);
  });
});

/** GitHub's way to name what lies in the same repository, at the commit that runs. */
function isOurs(target: string): boolean {
  return target.startsWith("$/");
}

function isSetup(uses: string | undefined): boolean {
  return uses === "$/.github/actions/setup";
}
