import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, EventReader, Program, proxyEnvironment } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { wrapUntilClosed } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder, temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";
import { workersOf } from "./support/processes.ts";

vi.setConfig({ testTimeout: 90_000 });

const WORKERS = 2;
const env = { TSP_WORKERS: String(WORKERS) };

describe("a proxy of several processes that is stopped", () => {
  it("ends all of them and answers everything that was accepted", async () => {
    const { program, url } = await temporaryProxy({
      env: { ...env, TSP_DRAIN_DELAY_MS: "300" },
    });
    const pids = childrenOf(program.process.pid ?? 0);
    const counting = wrapUntilClosed(url, 24, 5);
    await sleep(500);

    const exit = await program.stop();
    const { answered, failures } = await counting;

    expect(exit).toEqual({ code: 0, signal: null });
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(24);
    expect(pids.filter(runs)).toEqual([]);
  });

  it("sends the events of all of them first", async () => {
    const { program, url, eventsUrl } = await temporaryProxy({
      env: { ...env, TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" },
    });
    const all = clients(url, 2 * WORKERS);
    for (const { wrap } of all) for (let each = 0; each < 50; each += 1) await wrap("leased");
    const reader = new EventReader(eventsUrl);
    onTestFinished(() => reader.close());

    await program.stop();

    const events = await eventually(
      () => reader.pending.length,
      (count) => count >= all.length * 50,
    );
    expect(events).toBe(all.length * 50);
  });

  it("ends at once at a second signal, with all of its workers", async () => {
    const { program, url } = await temporaryProxy({
      env: { ...env, TSP_DRAIN_DELAY_MS: "60000", TSP_SHUTDOWN_DEADLINE_MS: "120000" },
    });
    const pids = childrenOf(program.process.pid ?? 0);
    await clients(url, 1)[0]!.wrap("leased");
    program.signal("SIGTERM");
    await program.until(() => program.log.find(({ message }) => message === "stopping"));

    program.signal("SIGTERM");

    expect(await program.exited).toEqual({ code: 143, signal: null });
    expect(
      await eventually(
        () => pids.filter(runs),
        (left) => left.length === 0,
      ),
    ).toEqual([]);
  });

  it("leaves no worker behind when it is killed", async () => {
    const { program } = await temporaryProxy({ env });
    const pids = childrenOf(program.process.pid ?? 0);
    expect(pids).toHaveLength(WORKERS);

    await program.stop("SIGKILL");

    expect(
      await eventually(
        () => pids.filter(runs),
        (left) => left.length === 0,
      ),
    ).toEqual([]);
  });

  it("takes no notice of an interrupt that a terminal sends to its workers as well", async () => {
    const proxy = await temporaryProxy({ env });
    const pids = await workersOf(proxy, WORKERS);

    for (const pid of pids) process.kill(pid, "SIGINT");
    await sleep(300);

    expect(await workersOf(proxy, WORKERS)).toEqual(pids);
    expect(await proxy.program.stop("SIGINT")).toEqual({ code: 0, signal: null });
  });
});

describe("a proxy that is stopped while it starts", () => {
  it.for(["1", "2"])("ends in order and complains of nothing; workers: %s", async (workers) => {
    const folder = temporaryFolder();
    const environment = { ...proxyEnvironment(folder), TSP_WORKERS: workers };
    const program = new Program(["start"], { env: environment });
    onTestFinished(async () => void (await program.stop("SIGKILL")));
    await program.until(() => program.log.find(({ message }) => message === "starting"));

    program.signal("SIGTERM");

    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe("");
    expect(program.log.map(({ message }) => message)).toContain("stopped");
  });
});

describe("a worker that is asked to end", () => {
  it("is replaced first, finishes its requests, and counts as no crash", async () => {
    const proxy = await temporaryProxy({ env });
    const [one] = await workersOf(proxy, WORKERS);
    const test = new AbortController();
    const load = Promise.all(
      clients(proxy.url, 4).map(async ({ wrap }) => {
        const statuses = new Set<number>();
        while (!test.signal.aborted) statuses.add((await wrap("leased")).status);
        return statuses;
      }),
    );

    process.kill(one!, "SIGTERM");
    await eventually(
      () => runs(one!),
      (running) => !running,
    );
    test.abort();

    expect(await load).toEqual(Array.from({ length: 4 }, () => new Set([200])));
    expect(await workersOf(proxy, WORKERS)).not.toContain(one);
  });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
