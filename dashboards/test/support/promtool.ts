import { type ExecResult, GenericContainer, type StartedTestContainer } from "testcontainers";
import { beforeAll } from "vitest";

/** The oldest Prometheus that the rules are written for. */
export const PROMETHEUS_IMAGE = "prom/prometheus:v2.42.0";

export interface Promtool {
  /** Puts a file into `/tmp`, where `promtool` then runs. */
  readonly write: (name: string, content: string) => Promise<void>;
  readonly run: (...words: readonly string[]) => Promise<ExecResult>;
}

/** A container with `promtool` for the tests of one suite. */
export function usePromtool(): Promtool {
  let container: StartedTestContainer;

  beforeAll(async () => {
    container = await new GenericContainer(PROMETHEUS_IMAGE).withExposedPorts(9090).start();
    return async () => void (await container.stop({ timeout: 0 }));
  });

  return {
    write: (name, content) =>
      container.copyContentToContainer([{ content, target: `/tmp/${name}` }]),
    run: (...words) => container.exec(["/bin/promtool", ...words], { workingDir: "/tmp" }),
  };
}
