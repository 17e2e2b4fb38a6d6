import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  ssr: { resolve: { conditions: ["@tenant-security/source"] } },
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 },
};
export default config;
