import { describeWithContainers } from "../../../packages/kms-adapters/test/containers/engine.ts";
import { useLocalStack, useMiniStack } from "../../../packages/kms-adapters/test/aws/containers.ts";
import { useVault } from "../../../packages/kms-adapters/test/vault/container.ts";
import { awsRoleVendor, awsUserVendor, awsVendor } from "../../support/kms/aws.ts";
import { REFRESH_MS } from "../../support/kms/refresh.ts";
import { describeVendors } from "../../support/kms/suite.ts";
import { vaultVendor } from "../../support/kms/vault.ts";
import { startKmsWorld } from "../../support/kms/world.ts";

const env = { TSP_CONFIG_REFRESH_INTERVAL_MS: String(REFRESH_MS) };

describeWithContainers("LocalStack and Vault among all others", () => {
  const aws = useLocalStack();
  const vault = useVault();

  describeVendors(["aws", "vault", "azure", "gcp", "thales", "local"], async () =>
    startKmsWorld({ aws: await awsVendor(aws), vault: await vaultVendor(vault) }, env),
  );
});

describeWithContainers("MiniStack, where permissions count", () => {
  const aws = useMiniStack();

  describeVendors(["user", "role"], async () =>
    startKmsWorld({ user: await awsUserVendor(aws), role: await awsRoleVendor(aws) }, env),
  );
});
