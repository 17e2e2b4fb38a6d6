import { createHash, createHmac } from "node:crypto";

interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const REGION = "us-east-1";

/** One call of the IAM query API, signed by hand: its SDK would be a dependency for a few calls. */
export async function callIam(
  origin: string,
  { accessKeyId, secretAccessKey }: KeyPair,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: "2010-05-08", ...parameters });
  const payload = body.toString();
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = `${date.slice(0, 8)}/${REGION}/iam/aws4_request`;
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    host: new URL(origin).host,
    "x-amz-date": date,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/", "", lines.join(""), names, sha256(payload)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, toSign).toString("hex");

  const response = await fetch(origin, {
    method: "POST",
    headers: {
      ...headers,
      authorization:
        `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ` +
        `SignedHeaders=${names}, Signature=${signature}`,
    },
    body: payload,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`IAM ${action}: ${response.status} ${text}`);
  return text;
}

/** The text of the first XML element of that name. */
export function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  if (text === undefined) throw new Error(`no <${name}> in ${xml}`);
  return text;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
