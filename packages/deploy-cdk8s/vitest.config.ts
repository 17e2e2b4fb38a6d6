import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  ssr: { resolve: { conditions: ["@tenant-security/source"] } },
  test: { include: ["test/**/*.test.ts"] },
};
export default config;
