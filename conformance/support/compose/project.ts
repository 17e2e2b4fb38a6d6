import { execFile } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { getContainerRuntimeClient } from "testcontainers";
import { ROOT } from "../image/context.ts";
import { type ComposeTool, composeTool } from "./tool.ts";

export const COMPOSE_FILE: string = join(ROOT, "deploy", "compose.yaml");

const run = promisify(execFile);
const COMMAND_DEADLINE_MS = 240_000;

/** The system of `deploy/compose.yaml` under a name of its own, on free ports. */
export class ComposeProject {
  readonly name: string = `tsp-test-${process.pid}`;
  readonly #tool: ComposeTool;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(tool: ComposeTool, env: Readonly<Record<string, string>>) {
    this.#tool = tool;
    this.#env = env;
  }

  static async create(image: string): Promise<ComposeProject> {
    const names = ["HTTP_PORT", "HEALTH_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"] as const;
    const ports = await freePorts(names.length);
    const env = Object.fromEntries(names.map((name, index) => [name, String(ports[index])]));
    return new ComposeProject(await composeTool(), { ...env, PROXY_IMAGE: image });
  }

  /** Origin of a published port, by the variable that moves it. */
  origin(variable: "HTTP_PORT" | "HEALTH_PORT" | "PROMETHEUS_PORT"): string {
    return `http://127.0.0.1:${this.#env[variable]}`;
  }

  /** Starts these services and waits for none: not every tool knows how to. */
  async up(...services: readonly string[]): Promise<void> {
    await this.#compose("up", "--detach", "--no-build", "--no-deps", ...services);
  }

  async down(): Promise<void> {
    await this.#compose("down", "--volumes", "--timeout", "5");
  }

  /** The exit code of a service that has ended. */
  async exitCode(service: string): Promise<number | undefined> {
    const { Status, ExitCode } = (await (await this.#container(service)).inspect()).State;
    return Status === "exited" || Status === "stopped" ? ExitCode : undefined;
  }

  /** What a service has said so far; the engine's own marks may be between its lines. */
  async output(service: string): Promise<string> {
    const container = await this.#container(service);
    return String(await container.logs({ stdout: true, stderr: true }));
  }

  async #container(service: string) {
    const { container: client } = await getContainerRuntimeClient();
    const filters = { label: [label("project", this.name), label("service", service)] };
    const [found] = await client.dockerode.listContainers({ all: true, filters });
    if (found === undefined) throw new Error(`no container of the service ${service}`);
    return client.getById(found.Id);
  }

  async #compose(...words: readonly string[]): Promise<void> {
    const [program, ...before] = this.#tool;
    const args = [...before, "-f", COMPOSE_FILE, "-p", this.name, ...words];
    const env = { ...process.env, ...this.#env };
    await run(program, args, { env, timeout: COMMAND_DEADLINE_MS });
  }
}

/** What compose tools write on each container. */
function label(name: "project" | "service", value: string): string {
  return `com.docker.compose.${name}=${value}`;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => void server.close(closed))));
  return ports;
}
