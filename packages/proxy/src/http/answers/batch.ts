import { setImmediate as nextTurn } from "node:timers/promises";
import { ProxyError } from "../../errors.ts";
import type { WrappedKey } from "../../keys/ports.ts";
import type { Listener } from "../deliver-in-parts.ts";
import { errorBody } from "./error.ts";
import { dekJson, wrappedKeyJson } from "./key.ts";
import { SlicedText } from "./sliced-text.ts";

type Results<T> = ReadonlyMap<string, T | ProxyError>;

/** Wipes the keys. */
export async function renderWrappedKeys(
  results: Results<WrappedKey>,
  listener: Listener,
): Promise<readonly Buffer[]> {
  try {
    return await renderBatch(results, wrappedKeyJson, listener);
  } finally {
    for (const result of results.values()) {
      if (!(result instanceof ProxyError)) result.dek.fill(0);
    }
  }
}

/** Wipes the keys. */
export async function renderDeks(
  results: Results<Buffer>,
  listener: Listener,
): Promise<readonly Buffer[]> {
  try {
    return await renderBatch(results, dekJson, listener);
  } finally {
    for (const result of results.values()) {
      if (!(result instanceof ProxyError)) result.fill(0);
    }
  }
}

/** Both maps are always there, and always objects: clients look for them. */
async function renderBatch<T extends object>(
  results: Results<T>,
  json: (key: T) => string,
  listener: Listener,
): Promise<readonly Buffer[]> {
  const keys = new SlicedText();
  const failures = new SlicedText();
  let keyComma = "";
  let failureComma = "";
  for (const [id, result] of results) {
    if (listener.abandoned) return [];
    // Escapes lone surrogates, so that every id comes back as it was sent.
    const name = JSON.stringify(id);
    if (result instanceof ProxyError) {
      failures.append(`${failureComma}${name}:${errorBody(result)}`);
      failureComma = ",";
      if (failures.endItem()) await nextTurn();
    } else {
      keys.append(`${keyComma}${name}:${json(result)}`);
      keyComma = ",";
      if (keys.endItem()) await nextTurn();
    }
  }
  return [
    Buffer.from('{"keys":{'),
    ...keys.parts(),
    Buffer.from('},"failures":{'),
    ...failures.parts(),
    Buffer.from("}}"),
  ];
}
