import { tmpdir } from "node:os";
import { join } from "node:path";
import { GenericContainer, getContainerRuntimeClient, ImageName } from "testcontainers";
import { withLock } from "../../../scripts/lib/lock.mjs";
import { contextFiles, contextHash, withContext } from "./context.ts";

/** Long enough for a machine that is busy with all other tests. */
export const BUILD_TIMEOUT_MS = 900_000;

/** The labels that a release sets. */
export const BUILD_ARGUMENTS: Readonly<Record<"VERSION" | "REVISION" | "CREATED", string>> = {
  VERSION: "1.2.3",
  REVISION: "0123456789abcdef0123456789abcdef01234567",
  CREATED: "2026-03-01T12:30:00Z",
};

/**
 * The image of the proxy, built by the first test that wants it and then kept under a tag that names
 * what it was made from. Gives the tag.
 */
export async function proxyImage(): Promise<string> {
  const files = contextFiles();
  const hash = contextHash(files);
  const tag = `localhost/tenant-security-proxy-test:${hash}`;
  const { image } = await getContainerRuntimeClient();
  // Tests run in several processes.
  await withLock(join(tmpdir(), `tenant-security-image-${hash}.lock`), async () => {
    if (await image.exists(ImageName.fromString(tag))) return;
    await withContext(files, (folder) => build(folder, tag));
  });
  return tag;
}

async function build(folder: string, tag: string): Promise<void> {
  try {
    await GenericContainer.fromDockerfile(folder)
      .withBuildArgs(BUILD_ARGUMENTS)
      .build(tag, { deleteOnExit: false });
  } catch (cause) {
    const hint = "DEBUG=testcontainers:build shows the builder's output";
    throw new Error(`the image cannot be built; ${hint}`, { cause });
  }
}
