import type { Settings } from "../config/settings.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { Terminal } from "./terminal.ts";
import { withToolbox } from "./toolbox.ts";
import { makeWrappedKey } from "./wrapped-key.ts";

/** What lines to paste are made of; members are left out when they cannot be had. */
export interface Example {
  /** A tenant that can wrap. */
  readonly tenantId?: string;
  /** Base64 of an EDEK of that tenant, made for this example. */
  readonly edek?: string;
}

/** Looks for a tenant to show requests with, and wraps a key for it where that is asked for. */
export async function findExample(
  settings: Settings,
  terminal: Pick<Terminal, "env" | "signal">,
  { withEdek }: { readonly withEdek: boolean },
): Promise<Example> {
  let found: Example = {};
  try {
    await withToolbox(settings, terminal, async (toolbox) => {
      const tenantId = exampleTenant(toolbox.snapshot);
      if (tenantId === undefined) return;
      found = { tenantId };
      if (!withEdek) return;
      // Not by a request: that would leave an event and a count behind.
      const edek = (await makeWrappedKey(toolbox, tenantId)).toString("base64");
      found = { tenantId, edek };
    });
  } catch {
    // Whoever broke the file this very moment is told so by the log.
  }
  return found;
}

function exampleTenant({ tenants }: Snapshot): string | undefined {
  for (const id of tenants.keys()) {
    const { assignments = [] } = tenants.get(id) ?? {};
    const wraps = assignments.some(({ primary, configuration }) => primary && configuration.usable);
    if (wraps) return id;
  }
  return undefined;
}
