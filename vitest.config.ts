import type { ViteUserConfig } from "vitest/config";
import { ClosingLine } from "./scripts/closing-line.ts";

const config: ViteUserConfig = {
  test: {
    projects: ["packages/*", "conformance"],
    reporters: ["default", new ClosingLine()],
  },
};
export default config;
