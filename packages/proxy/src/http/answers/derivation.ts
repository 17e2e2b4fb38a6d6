import { setImmediate as nextTurn } from "node:timers/promises";
import type { DerivationAnswer, DerivedKey } from "../../keys/ports.ts";
import type { Listener } from "../deliver-in-parts.ts";
import { SlicedText } from "./sliced-text.ts";

/** Wipes the derived keys. */
export async function renderDerivation(
  answer: DerivationAnswer,
  listener: Listener,
): Promise<readonly Buffer[]> {
  try {
    return await render(answer, listener);
  } finally {
    for (const derivations of answer.derivedKeys.values()) {
      for (const keys of derivations.values()) {
        for (const { derivedKey } of keys) derivedKey.fill(0);
      }
    }
  }
}

async function render(answer: DerivationAnswer, listener: Listener): Promise<readonly Buffer[]> {
  const text = new SlicedText();
  text.append(`{"hasPrimaryConfig":${answer.hasPrimaryConfig},"derivedKeys":{`);
  let secretComma = "";
  for (const [secretPath, derivations] of answer.derivedKeys) {
    text.append(`${secretComma}${JSON.stringify(secretPath)}:{`);
    secretComma = ",";
    let comma = "";
    for (const [derivationPath, keys] of derivations) {
      text.append(`${comma}${JSON.stringify(derivationPath)}:[${keys.map(keyJson).join(",")}]`);
      comma = ",";
      if (text.endItem()) await nextTurn();
      if (listener.abandoned) return [];
    }
    text.append("}");
  }
  text.append("}}");
  return text.parts();
}

function keyJson({ derivedKey, tenantSecretId, current }: DerivedKey): string {
  const base64 = derivedKey.toString("base64");
  return `{"derivedKey":"${base64}","tenantSecretId":${tenantSecretId},"current":${current}}`;
}
