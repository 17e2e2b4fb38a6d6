export { CONTRACT } from "./contract.ts";
export type { DeploymentContract } from "./contract.ts";
