import { createHmac } from "node:crypto";
import { hasPrimary, tenantOf } from "../tenants/select.ts";
import type { StoredSecret } from "../tenants/source.ts";
import type { Tenant } from "../tenants/tenant.ts";
import { nobodyWaits } from "./abandoned.ts";
import { Breather } from "./breather.ts";
import type { KeyContext } from "./context.ts";
import { fanOut } from "./fan-out.ts";
import type { Call, DerivationAnswer, DerivationRequest, DerivedKey } from "./ports.ts";
import { refused } from "./refusal.ts";
import type { SecretReader } from "./secrets.ts";

type DerivedPaths = Map<string, DerivedKey[]>;

interface Derivation {
  readonly context: KeyContext;
  readonly call: Call;
  readonly request: DerivationRequest;
  readonly reader: SecretReader;
  readonly breather: Breather;
  /** Secret path → derivation path → keys, in the order of the request. */
  readonly derived: Map<string, DerivedPaths>;
  failure: unknown;
}

/** Derives keys from tenant secrets: wire-protocol 1.7. @throws ProxyError */
export async function deriveKeys(
  context: KeyContext,
  call: Call,
  request: DerivationRequest,
): Promise<DerivationAnswer> {
  context.events.admit(call);
  const tenant = tenantOf(context.tenants.current(), call.tenantId);
  const derivation: Derivation = {
    context,
    call,
    request,
    reader: { tenant, signal: call.signal },
    breather: new Breather(),
    derived: new Map(),
    failure: undefined,
  };
  for (const secretPath of request.paths.keys()) derivation.derived.set(secretPath, new Map());
  try {
    await fanOut(request.paths, context.kms.concurrency, ([path, derivationPaths]) =>
      derivePath(derivation, path, derivationPaths),
    );
    if (derivation.failure !== undefined) throw derivation.failure;
    context.events.record("CUSTOM_KEY_DERIVE", call);
  } catch (error) {
    wipe(derivation.derived);
    throw refused(context.events, call, error);
  }
  return { hasPrimaryConfig: hasPrimary(tenant), derivedKeys: derivation.derived };
}

/** Keeps the first failure instead of rejecting: every strand ends before anything is wiped. */
async function derivePath(
  derivation: Derivation,
  secretPath: string,
  derivationPaths: readonly string[],
): Promise<void> {
  if (derivation.failure !== undefined) return;
  const { context, reader, request, derived } = derivation;
  const { tenant } = reader;
  if (derivationPaths.length === 0) return;
  try {
    const key = { tenantId: tenant.id, secretType: request.secretType, secretPath };
    const secrets = await context.secrets.find(reader, key);
    const paths = derived.get(secretPath)!;
    for (const path of derivationPaths) paths.set(path, []);
    for (const secret of currentFirst(secrets)) await deriveFrom(derivation, secret, paths);
  } catch (error) {
    derivation.failure ??= error;
  }
}

async function deriveFrom(
  { context, call, reader, request, breather }: Derivation,
  stored: StoredSecret,
  paths: DerivedPaths,
): Promise<void> {
  const secret = await context.secrets.read(reader, stored);
  const { id: tenantSecretId } = stored;
  const current = stored.rotationStatus === "current";
  try {
    for (const [path, keys] of paths) {
      const pause = breather.next();
      if (pause !== undefined) await pause;
      if (call.abandoned) throw nobodyWaits();
      const derivedKey = derivedKeyOf(request, secret, reader.tenant, path);
      keys.push({ derivedKey, tenantSecretId, current });
    }
  } finally {
    secret.fill(0);
  }
}

function derivedKeyOf(
  { derivationType }: DerivationRequest,
  secret: Buffer,
  tenant: Tenant,
  derivationPath: string,
): Buffer {
  return createHmac(derivationType, secret).update(`${tenant.id}-${derivationPath}`).digest();
}

/** The store promises this order; a client would encrypt with the wrong key without it. */
function currentFirst(secrets: readonly StoredSecret[]): readonly StoredSecret[] {
  const usable = secrets.filter(({ rotationStatus }) => rotationStatus !== "archived");
  return [
    ...usable.filter(({ rotationStatus }) => rotationStatus === "current"),
    ...usable.filter(({ rotationStatus }) => rotationStatus !== "current"),
  ];
}

function wipe(derived: ReadonlyMap<string, DerivedPaths>): void {
  for (const paths of derived.values()) {
    for (const keys of paths.values()) {
      for (const { derivedKey } of keys) derivedKey.fill(0);
    }
  }
}
