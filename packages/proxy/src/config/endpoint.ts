import { AddressPolicy } from "@tenant-security/kms-adapters";
import type { Parsed } from "./bind-address.ts";
import type { EndpointSetting } from "./setting.ts";

const FORMS = {
  origin: "an origin such as https://kms.example.com or http://127.0.0.1:4566, without a path",
  url: "a URL with a path, such as https://login.example.com/token",
};

/** A URL of the operator's own choice; its path is checked by whoever uses it. */
export function parseEndpoint(text: string, { path = false }: EndpointSetting): Parsed<string> {
  const [, origin = "", rest = ""] = /^(https?:\/\/[^/?#]*)(.*)$/is.exec(text) ?? [];
  const fits = path ? /^\/[\w./-]+$/.test(rest) : rest === "" || rest === "/";
  if (!fits || !isOrigin(origin)) return { expected: path ? FORMS.url : FORMS.origin };
  return { value: path ? text : origin };
}

/** The entry of `TSP_KMS_ALLOWED_HOSTS` that would allow just this endpoint. */
export function allowedHostOf(endpoint: string): string {
  const { protocol, hostname, port } = new URL(endpoint);
  return protocol === "https:" ? `${hostname}:${port || 443}` : `http://${hostname}:${port || 80}`;
}

/** Asks the very object that will admit it. */
function isOrigin(origin: string): boolean {
  try {
    new AddressPolicy({ allowedHosts: [allowedHostOf(origin)] }).admit(origin, {});
    return true;
  } catch {
    return false;
  }
}
