import type {
  EncryptedDocumentWithEdek,
  TenantSecurityClient,
} from "@ironcorelabs/tenant-security-nodejs";
import { metadata } from "../world.ts";

export function encrypt(
  client: TenantSecurityClient,
  tenant: string,
  text = "content",
): Promise<EncryptedDocumentWithEdek> {
  return client.encryptDocument({ f: Buffer.from(text) }, metadata(tenant));
}

export async function decrypt(
  client: TenantSecurityClient,
  tenant: string,
  document: EncryptedDocumentWithEdek,
): Promise<string | undefined> {
  const { plaintextDocument } = await client.decryptDocument(document, metadata(tenant));
  return plaintextDocument["f"]?.toString();
}

/** How a call of the client ended: its code, 0 for a success. */
export async function codeOf(call: Promise<unknown>): Promise<number | undefined> {
  return call.then(
    () => 0,
    ({ errorCode }: { errorCode?: number }) => errorCode,
  );
}
