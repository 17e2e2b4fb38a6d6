import { text } from "node:stream/consumers";
import { getContainerRuntimeClient } from "testcontainers";
import { STOP_TIMEOUT_S } from "./container.ts";

export interface RunOptions {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a container to its end; gives its exit code and everything it said. */
export async function runContainer(
  options: RunOptions,
): Promise<{ readonly code: number; readonly output: string }> {
  const { image, command, entrypoint, env = {} } = options;
  const { container: client } = await getContainerRuntimeClient();
  const container = await client.create({
    Image: image,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    HostConfig: { ReadonlyRootfs: true, CapDrop: ["ALL"] },
    ...(command && { Cmd: [...command] }),
    ...(entrypoint && { Entrypoint: [...entrypoint] }),
  });
  try {
    await client.start(container);
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
    return { code, output: await text(await client.logs(container)) };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

export interface ReadingProgram {
  /** Whether process 1 does something about a signal. */
  hears(signal: number): Promise<boolean>;
  /** `docker stop`; gives the exit code. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

/** Starts a command that waits for input, without any handling of signals of its own. */
export async function startReading(image: string): Promise<ReadingProgram> {
  const { container: client } = await getContainerRuntimeClient();
  const container = await client.create({
    Image: image,
    Cmd: ["inspect-edek", "-"],
    OpenStdin: true,
  });
  await client.start(container);
  return {
    async hears(signal) {
      const { stdout } = await client.exec(container, ["cat", "/proc/1/status"]);
      const caught = BigInt(`0x${/^SigCgt:\s+(\w+)$/m.exec(stdout)?.[1] ?? 0}`);
      return ((caught >> BigInt(signal - 1)) & 1n) === 1n;
    },
    async stop() {
      await container.stop({ t: STOP_TIMEOUT_S });
      return (await container.inspect()).State.ExitCode;
    },
    remove: async () => void (await container.remove({ force: true, v: true })),
  };
}
