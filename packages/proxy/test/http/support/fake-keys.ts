import { randomBytes } from "node:crypto";
import { ProxyError } from "../../../src/errors.ts";
import type {
  Call,
  DerivationAnswer,
  DerivationRequest,
  WrappedKey,
} from "../../../src/keys/ports.ts";
import type { KeyService } from "../../../src/keys/service.ts";

const PREFIX = "edek:";

/** Wraps by writing a prefix in front of the key. Knows every tenant but `unknown`. */
export class FakeKeys implements KeyService {
  /** What was asked for, oldest first. */
  readonly calls: { readonly use: string; readonly call: Call; readonly asked?: unknown }[] = [];
  /** Every key handed out in the clear. */
  readonly deks: Buffer[] = [];

  wrap(call: Call): WrappedKey | Promise<WrappedKey> {
    this.#note("wrap", call);
    return this.#wrapped(call.tenantId);
  }

  unwrap(call: Call, edek: string): Buffer | Promise<Buffer> {
    this.#note("unwrap", call, edek);
    return this.#opened(call.tenantId, edek);
  }

  async batchWrap(
    call: Call,
    documentIds: readonly string[],
  ): Promise<ReadonlyMap<string, WrappedKey | ProxyError>> {
    this.#note("batchWrap", call, documentIds);
    known(call.tenantId);
    return new Map(documentIds.map((id) => [id, this.#wrapped(call.tenantId)]));
  }

  async batchUnwrap(
    call: Call,
    items: Iterable<readonly [id: string, edek: string]>,
  ): Promise<ReadonlyMap<string, Buffer | ProxyError>> {
    const edeks = new Map(items);
    this.#note("batchUnwrap", call, edeks);
    known(call.tenantId);
    return new Map(
      [...edeks].map(([id, edek]) => [id, orError(() => this.#opened("known", edek))]),
    );
  }

  async rekey(call: Call, edek: string, newTenantId: string): Promise<WrappedKey> {
    this.#note("rekey", call, newTenantId);
    const dek = this.#opened(call.tenantId, edek);
    known(newTenantId);
    return { dek, edek: Buffer.from(PREFIX + dek.toString("base64")) };
  }

  async derive(call: Call, request: DerivationRequest): Promise<DerivationAnswer> {
    this.#note("derive", call, request);
    known(call.tenantId);
    const derive = (tenantSecretId: number, current: boolean) => {
      const derivedKey = randomBytes(64);
      this.deks.push(derivedKey);
      return { derivedKey, tenantSecretId, current };
    };
    const keys = () => [derive(7, true), derive(3, false)] as const;
    const derivedKeys = [...request.paths].map(
      ([path, paths]) => [path, new Map(paths.map((one) => [one, keys()]))] as const,
    );
    return { hasPrimaryConfig: true, derivedKeys: new Map(derivedKeys) };
  }

  kmsTypeOf(tenantId: string): "LOCAL" | "none" {
    return tenantId === "unknown" ? "none" : "LOCAL";
  }

  #wrapped(tenantId: string): WrappedKey {
    known(tenantId);
    const dek = randomBytes(32);
    this.deks.push(dek);
    return { dek, edek: Buffer.from(PREFIX + dek.toString("base64")) };
  }

  #opened(tenantId: string, edek: string): Buffer {
    known(tenantId);
    const text = Buffer.from(edek, "base64").toString();
    if (!text.startsWith(PREFIX)) {
      throw new ProxyError("INVALID_PROVIDED_EDEK", "Provided EDEK didn't contain IronCore EDEKs");
    }
    const dek = Buffer.from(text.slice(PREFIX.length), "base64");
    this.deks.push(dek);
    return dek;
  }

  #note(use: string, call: Call, asked?: unknown): void {
    this.calls.push({ use, call, asked });
  }
}

function known(tenantId: string): void {
  if (tenantId !== "unknown") return;
  throw new ProxyError("UNKNOWN_TENANT", "No configurations available for the provided tenant");
}

function orError<T>(make: () => T): T | ProxyError {
  try {
    return make();
  } catch (error) {
    return ProxyError.from(error);
  }
}
