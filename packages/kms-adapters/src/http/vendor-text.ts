const MAX_LENGTH = 300;

/**
 * The vendor's code and wording as they may appear in a message: `Code: <code>, <text>`, one line of
 * printable ASCII. The text is left out as a whole when it repeats one of `secrets`.
 */
export function vendorText(code: string, text?: unknown, secrets: readonly string[] = []): string {
  const name = printable(code, 80);
  if (typeof text !== "string" || text.trim() === "") return `Code: ${name}`;
  if (secrets.some((secret) => secret.length > 0 && text.includes(secret))) return `Code: ${name}`;
  return `Code: ${name}, ${printable(text, MAX_LENGTH).replace(/[.\s]+$/, "")}`;
}

function printable(text: string, max: number): string {
  const line = text
    .slice(0, max * 2)
    .replace(/[^\u0021-\u007e]+/g, " ")
    .trim();
  return line.length > max ? `${line.slice(0, max)}...` : line;
}
