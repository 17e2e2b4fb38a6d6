import { getContainerRuntimeClient } from "testcontainers";
import { describe } from "vitest";

/** Why no container can be started; undefined when one can. */
const missing: string | undefined = await getContainerRuntimeClient().then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message : "unknown reason"),
);

const required = process.env["TSP_REQUIRE_CONTAINERS"] === "1";

/**
 * A suite that needs a container engine. Without one it is skipped, the reason in its name; where
 * `TSP_REQUIRE_CONTAINERS=1` says that there must be one, it fails at its first container.
 */
export function describeWithContainers(name: string, suite: () => void): void {
  const reason = missing === undefined ? "" : ` (no container engine: ${missing})`;
  describe.skipIf(missing !== undefined && !required)(
    `${name}${reason}`,
    { timeout: 60_000 },
    () => {
      suite();
    },
  );
}
