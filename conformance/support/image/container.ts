import { API_KEY, type DataFolder } from "@tenant-security/testkit";
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import { MOUNTED } from "./folder.ts";

const HTTP = 7777;
const HEALTH = 9000;
const EVENTS = 5555;

/** More than the proxy takes for itself. */
export const STOP_TIMEOUT_S = 60;

export interface ContainerOptions {
  readonly image: string;
  readonly folder: Pick<DataFolder, "path">;
  /** Where the folder is in the container. Default: where `TSP_CONFIG_FILE` points without `env`. */
  readonly mountPath?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the image's own. */
  readonly user?: string;
}

/** A proxy in a container, as locked up as the documentation recommends. */
export interface ContainerProxy {
  readonly url: string;
  readonly healthUrl: string;
  readonly eventsUrl: string;
  /** Runs a command inside. */
  exec(...command: readonly string[]): Promise<Executed>;
  execAsRoot(...command: readonly string[]): Promise<Executed>;
  /** The command that the engine checks its health with. */
  healthCheck(): Promise<readonly string[]>;
  /** `docker stop`; gives the exit code. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

export interface Executed {
  readonly code: number;
  readonly output: string;
}

class LockedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
    this.withDroppedCapabilities("ALL").withSecurityOpt("no-new-privileges");
  }
}

/** Starts a container and waits until it is ready. */
export async function startContainer(options: ContainerOptions): Promise<ContainerProxy> {
  const { image, folder, mountPath = MOUNTED, env, user } = options;
  const container = new LockedContainer(image)
    .withBindMounts([{ source: folder.path, target: mountPath, mode: "ro" }])
    .withEnvironment({ API_KEY, TSP_CONFIG_FILE: `${MOUNTED}/tenants.json`, ...env })
    .withExposedPorts(HTTP, HEALTH, EVENTS)
    .withWaitStrategy(Wait.forHttp("/ready", HEALTH).forStatusCode(200))
    .withStartupTimeout(120_000);
  return running(await (user === undefined ? container : container.withUser(user)).start());
}

async function running(container: StartedTestContainer): Promise<ContainerProxy> {
  const address = addressOf(container);
  const { container: client } = await getContainerRuntimeClient();
  const handle = client.getById(container.getId());
  const exec = async (command: readonly string[], user?: string): Promise<Executed> => {
    const options = user === undefined ? {} : { user };
    const { exitCode, output } = await container.exec([...command], options);
    return { code: exitCode, output };
  };
  return {
    url: `http://${address(HTTP)}`,
    healthUrl: `http://${address(HEALTH)}`,
    eventsUrl: `tcp://${address(EVENTS)}`,
    exec: (...command) => exec(command),
    execAsRoot: (...command) => exec(command, "root"),
    healthCheck: async () => (await handle.inspect()).Config.Healthcheck?.Test ?? [],
    async stop() {
      await handle.stop({ t: STOP_TIMEOUT_S });
      return (await handle.inspect()).State.ExitCode;
    },
    async remove() {
      await handle.remove({ force: true, v: true });
    },
  };
}

/**
 * The container's own address where it can be reached: in front of a published port some engines put
 * a relay, which accepts connections that the proxy never sees.
 */
function addressOf(container: StartedTestContainer): (port: number) => string {
  const [network = ""] = container.getNetworkNames();
  const ip = process.platform === "linux" ? container.getIpAddress(network) : "";
  return (port) =>
    ip === "" ? `${container.getHost()}:${container.getMappedPort(port)}` : `${ip}:${port}`;
}
