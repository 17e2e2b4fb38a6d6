import type { WrappedKey } from "../../keys/ports.ts";

/** Answers are joined from text: base64 needs no escaping. Wipes the key. */
export function renderWrappedKey(key: WrappedKey): string {
  try {
    return wrappedKeyJson(key);
  } finally {
    key.dek.fill(0);
  }
}

/** Wipes the key. */
export function renderDek(dek: Buffer): string {
  try {
    return dekJson(dek);
  } finally {
    dek.fill(0);
  }
}

export function wrappedKeyJson({ dek, edek }: WrappedKey): string {
  return `{"dek":"${dek.toString("base64")}","edek":"${edek.toString("base64")}"}`;
}

export function dekJson(dek: Buffer): string {
  return `{"dek":"${dek.toString("base64")}"}`;
}
