import type { Snapshot } from "../tenants/source.ts";

/** How long a start waits for its own example; it is only there to be pasted. */
const DEADLINE_MS = 5_000;

/** The first tenant that can wrap. */
export function exampleTenant({ tenants }: Snapshot): string | undefined {
  for (const { id, assignments } of tenants.values()) {
    if (assignments.some(({ primary, configuration }) => primary && configuration.usable))
      return id;
  }
  return undefined;
}

/** Wraps a key over HTTP as a client does; gives its EDEK, or nothing when that does not work. */
export async function exampleEdek(
  httpUrl: string,
  apiKey: string,
  tenantId: string,
): Promise<string | undefined> {
  try {
    const response = await fetch(`${httpUrl}/api/1/document/wrap`, {
      method: "POST",
      headers: { authorization: `cmk ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ tenantId, iclFields: { requestingId: "me" }, customFields: {} }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const answer = (await response.json()) as { edek?: unknown };
    return typeof answer.edek === "string" ? answer.edek : undefined;
  } catch {
    // A certificate that this process does not trust, for one. The lines to paste do without.
    return undefined;
  }
}
