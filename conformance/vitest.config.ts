import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000 },
};
export default config;
