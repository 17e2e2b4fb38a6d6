import { describe } from "vitest";
import { REFRESH_MS } from "../../support/kms/refresh.ts";
import { describeVendors } from "../../support/kms/suite.ts";
import { startKmsWorld } from "../../support/kms/world.ts";

const env = { TSP_CONFIG_REFRESH_INTERVAL_MS: String(REFRESH_MS) };

describe("strict servers of Azure, Google and Thales, and the embedded KMS", () => {
  describeVendors(["azure", "gcp", "thales", "local"], () => startKmsWorld({}, env));
});
