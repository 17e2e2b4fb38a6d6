/**
 * Whether an object of a JSON text names a member twice, which `JSON.parse` passes over in silence.
 * `text` is valid JSON and `value` what it parses to.
 */
export function hasDuplicateKeys(text: string, value: unknown): boolean {
  return countKeysInText(text) !== countKeys(value);
}

/** Strings that are followed by a colon. */
function countKeysInText(text: string): number {
  let keys = 0;
  let start = text.indexOf('"');
  while (start !== -1) {
    let next = endOfString(text, start) + 1;
    while (isBlank(text.charCodeAt(next))) next += 1;
    if (text[next] === ":") keys += 1;
    start = text.indexOf('"', next);
  }
  return keys;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text[first - 1] === "\\") first -= 1;
  return (quote - first) % 2 === 1;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function countKeys(value: unknown): number {
  let keys = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    const members = Object.values(next);
    if (!Array.isArray(next)) keys += members.length;
    for (const member of members) open.push(member);
  }
  return keys;
}
