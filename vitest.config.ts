import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  test: {
    projects: ["packages/*", "conformance"],
    reporters: ["default"],
  },
};
export default config;
