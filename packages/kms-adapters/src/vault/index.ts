import { decodeBase64 } from "../bytes.ts";
import { DriverError } from "../driver-error.ts";
import type { KmsDriver } from "../driver.ts";
import { unusable } from "../rest/unusable.ts";
import { VaultClient } from "./client.ts";
import { faultOf } from "./faults.ts";
import { NAME, parseVaultOptions, type VaultKmsOptions } from "./options.ts";
import { VaultToken } from "./token.ts";
import { Transit } from "./transit.ts";

export type { VaultKmsOptions } from "./options.ts";

// Version 0 is an alias of version 1 for Vault: two spellings of one ciphertext are one too many.
const CIPHERTEXT = /^vault:v[1-9]\d{0,9}:(?<body>[A-Za-z0-9+/=]+)$/;

/**
 * The transit engine of HashiCorp Vault or OpenBao. The ciphertext is the text that the engine
 * gives (`vault:v1:…`), in ASCII.
 * @throws KmsError `KMS_CONFIG_INVALID`
 */
export function vaultKms(options: VaultKmsOptions): KmsDriver {
  const settings = parseVaultOptions(options);
  const client = new VaultClient(settings, options);
  const token = new VaultToken(client, settings.login);
  const transit = new Transit(client, token, settings);

  return {
    name: NAME,

    async wrap(key, { signal }) {
      const wrapped = await transit.encrypt(Buffer.from(key).toString("base64"), signal);
      if (!isCiphertext(wrapped)) throw unusable("Vault gave a ciphertext of another form");
      return Buffer.from(wrapped, "latin1");
    },

    async unwrap(wrapped, { signal }) {
      const text = Buffer.from(wrapped).toString("latin1");
      if (!isCiphertext(text)) throw malformed();
      const key = decodeBase64(await transit.decrypt(text, signal));
      if (key === undefined) throw unusable("Vault gave a plaintext that is no base64");
      return key;
    },

    fault: faultOf,

    async close() {
      token.close();
      await client.close();
    },
  };
}

/** Canonical base64 only: Vault overlooks bits that its decoder does not use. */
function isCiphertext(text: string): boolean {
  const body = CIPHERTEXT.exec(text)?.groups?.["body"];
  return body !== undefined && decodeBase64(body) !== undefined;
}

function malformed(): DriverError {
  const detail = "Code: MALFORMED, the ciphertext is not of the form vault:v<version>:<base64>";
  return new DriverError({ code: "KMS_CIPHERTEXT_INVALID", detail });
}
