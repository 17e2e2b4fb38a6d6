/**
 * A text as one word for the screen. Callers choose these texts, and a terminal obeys control
 * characters: whatever is not plain becomes a JSON string.
 */
export function plainText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text !== undefined && /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text) && !text.includes('"')) {
    return text;
  }
  return withoutControls(JSON.stringify(text ?? ""));
}

/** For JSON text, which means the same afterwards. */
export function withoutControls(json: string): string {
  return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
