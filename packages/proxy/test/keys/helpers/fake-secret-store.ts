import type { SecretKey, SecretStore, StoredSecret } from "../../../src/tenants/source.ts";

/** Secrets in memory, with the compare-and-set of the real stores. */
export class FakeSecretStore implements SecretStore {
  readonly secrets: StoredSecret[] = [];
  creations = 0;
  failure: Error | undefined;

  async find(key: SecretKey): Promise<readonly StoredSecret[]> {
    const found = this.secrets.filter((secret) => isOf(secret, key));
    const usable = found.filter(({ rotationStatus }) => rotationStatus !== "archived");
    return usable.toSorted((a, b) => rank(a) - rank(b));
  }

  async create(key: SecretKey, encryptedSecret: Uint8Array): Promise<StoredSecret> {
    this.creations += 1;
    if (this.failure !== undefined) throw this.failure;
    const current = (await this.find(key)).find(
      ({ rotationStatus }) => rotationStatus === "current",
    );
    return current ?? this.add(key, encryptedSecret);
  }

  add(
    key: SecretKey,
    encryptedSecret: Uint8Array,
    rotationStatus: StoredSecret["rotationStatus"] = "current",
  ): StoredSecret {
    const id = this.secrets.length + 1;
    const secret: StoredSecret = { ...key, id, rotationStatus, encryptedSecret };
    this.secrets.push(secret);
    return secret;
  }

  /** As the rotate command does it: the current secret is in rotation from now on. */
  rotate(id: number, rotationStatus: StoredSecret["rotationStatus"]): void {
    const index = this.secrets.findIndex((secret) => secret.id === id);
    const secret = this.secrets[index];
    if (secret !== undefined) this.secrets[index] = { ...secret, rotationStatus };
  }
}

function isOf(secret: StoredSecret, key: SecretKey): boolean {
  return (
    secret.tenantId === key.tenantId &&
    secret.secretType === key.secretType &&
    secret.secretPath === key.secretPath
  );
}

function rank({ rotationStatus }: StoredSecret): number {
  return rotationStatus === "current" ? 0 : 1;
}
