import type { ViteUserConfig } from "vitest/config";
import { ClosingLine } from "./scripts/closing-line.ts";

const config: ViteUserConfig = {
  test: {
    projects: [
      "packages/*",
      "conformance",
      "dashboards",
      { test: { name: "scripts", include: ["scripts/test/**/*.test.ts"] } },
    ],
    reporters: ["default", new ClosingLine()],
  },
};
export default config;
