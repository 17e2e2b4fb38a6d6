import { hash } from "node:crypto";
import { ProxyError } from "../errors.ts";
import type { KmsConfiguration, KmsType, OpenedCredentials } from "../tenants/tenant.ts";
import { openCredentials, type ReferenceBase, SecretReferenceError } from "./credentials.ts";
import { isRecord } from "./document/members.ts";
import type { UsableRecord } from "./document/model.ts";

/** A configuration of the file. References are resolved when somebody asks for credentials. */
export class FileConfiguration implements KmsConfiguration {
  readonly id: number;
  readonly type: KmsType;
  readonly keyPath: Readonly<Record<string, unknown>>;
  readonly leasingAllowed: boolean;
  readonly fingerprint: string;
  readonly #credentials: Readonly<Record<string, unknown>>;
  readonly #base: ReferenceBase;

  /** `filesSignature` changes whenever a file does that the credentials refer to. */
  constructor(record: UsableRecord, base: ReferenceBase, filesSignature: string) {
    this.id = record.id;
    this.type = record.type;
    this.keyPath = record.keyPath;
    this.leasingAllowed = record.leasingAllowed;
    this.fingerprint = withFiles(record.fingerprint, filesSignature);
    this.#credentials = record.credentials;
    this.#base = base;
  }

  // On the prototype, because there may be hundreds of thousands of these objects.
  get usable(): true {
    return true;
  }

  async openCredentials(): Promise<OpenedCredentials> {
    try {
      const opened = await openCredentials(this.#credentials, this.#base);
      return isRecord(opened) ? opened : {};
    } catch (cause) {
      if (!(cause instanceof SecretReferenceError)) throw cause;
      const { member, reason: detail } = cause;
      const what = `KMS configuration ${this.id} (${this.type})`;
      const message = `${what} cannot be used: ${member} cannot be read`;
      throw new ProxyError("KMS_CONFIGURATION_INVALID", message, { cause, detail });
    }
  }
}

function withFiles(fingerprint: string, filesSignature: string): string {
  if (filesSignature === "") return fingerprint;
  return `${fingerprint}.${hash("sha256", filesSignature, "base64url").slice(0, 22)}`;
}
