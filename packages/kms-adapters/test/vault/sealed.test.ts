import { randomBytes } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { AddressPolicy, Kms } from "../../src/index.ts";
import { vaultKms } from "../../src/vault/index.ts";
import { describeWithContainers } from "../containers/engine.ts";
import { ROOT, useVault } from "./container.ts";

const DEK = randomBytes(32);

describeWithContainers("A sealed Vault 1.21", () => {
  const vault = useVault();

  it("is unreachable", async () => {
    await vault.api("POST", "transit/keys/k1", {});
    const address = vault.origin();
    const policy = new AddressPolicy({ allowedHosts: [address] });
    const keyPath = { address, mountPath: "transit", keyName: "k1" };
    const kms = new Kms(vaultKms({ keyPath, credentials: { token: ROOT }, policy }));
    onTestFinished(() => kms.close());
    await kms.wrap(DEK);

    await vault.api("POST", "sys/seal");

    await expect(kms.wrap(DEK)).rejects.toMatchObject({
      code: "KMS_UNREACHABLE",
      httpStatus: 503,
      message: expect.stringContaining("Vault is sealed"),
    });
  });
});
