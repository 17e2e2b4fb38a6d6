import { describeWithContainers } from "../containers/engine.ts";
import { useVault } from "./container.ts";
import { describeTransit } from "./transit-suite.ts";

describeWithContainers("Vault 1.21", () => {
  describeTransit("Vault", useVault());
});
