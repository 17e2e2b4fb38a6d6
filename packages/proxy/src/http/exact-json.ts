import { randomBytes } from "node:crypto";

export type Reviver = Parameters<typeof JSON.parse>[1];

type Members = Record<string, unknown>;

const BACKSLASH = 0x5c;

/** Begins what stands for a key. Nobody outside can know it. */
const MARK: string = randomBytes(16).toString("hex");

/** What a key can only hold with an escape. */
// oxlint-disable-next-line no-control-regex -- JSON has these as escapes alone
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

const AFTER_KEY = /[ \t\n\r]*:/y;

/**
 * As `JSON.parse`, with every key as it was sent. When V8's parser (Node 24.21) expects a key that has
 * a backslash, because it has seen such an object before, it compares it with the text of an
 * escape as if that were characters: after `{"\\":1}`, the key of `{"\"":1}` is a backslash. So
 * it never gets to see a key with an escape.
 * @throws SyntaxError
 */
export function parseExactJson(text: string, reviver?: Reviver): unknown {
  if (!text.includes("\\")) return JSON.parse(text, reviver);
  const keys: string[] = [];
  const value: unknown = JSON.parse(withoutEscapes(text, keys), reviver);
  return keys.length === 0 ? value : renamed(value, keys);
}

/** Where the string that begins at `start` has its last quote. @throws SyntaxError */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end < 0) throw new SyntaxError("a string without an end");
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

/** The text with marks, numbered as they are in `keys`, in place of keys that need an escape. */
function withoutEscapes(text: string, keys: string[]): string {
  let without = "";
  let taken = 0;
  let backslash = text.indexOf("\\");
  let start = text.indexOf('"');
  while (start >= 0 && backslash >= 0) {
    const end = endOfString(text, start);
    if (backslash < start) backslash = text.indexOf("\\", start);
    if (backslash >= 0 && backslash < end && isKey(text, end)) {
      const key = JSON.parse(text.slice(start, end + 1)) as string;
      const needsMark = NEEDS_ESCAPE.test(key);
      if (needsMark) keys.push(key);
      without += `${text.slice(taken, start)}"${needsMark ? MARK + (keys.length - 1) : key}"`;
      taken = end + 1;
    }
    start = text.indexOf('"', end + 1);
  }
  return without + text.slice(taken);
}

function isKey(text: string, end: number): boolean {
  AFTER_KEY.lastIndex = end + 1;
  return AFTER_KEY.test(text);
}

/** The value with the keys that marks stand for, at whatever depth, in the same order. */
function renamed(value: unknown, keys: readonly string[]): unknown {
  const whole: Members = { value };
  const rest: [container: Members, key: string][] = [[whole, "value"]];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const [container, key] = next;
    const old = container[key];
    if (typeof old !== "object" || old === null) continue;
    const named = Array.isArray(old) ? old : withKeys(old as Members, keys);
    setOwn(container, key, named);
    for (const name of Object.keys(named)) rest.push([named as Members, name]);
  }
  return whole["value"];
}

function withKeys(members: Members, keys: readonly string[]): Members {
  const names = Object.keys(members);
  if (!names.some((name) => name.startsWith(MARK))) return members;
  const named: Members = {};
  for (const name of names) {
    const key = name.startsWith(MARK) ? keys[Number(name.slice(MARK.length))]! : name;
    setOwn(named, key, members[name]);
  }
  return named;
}

/** As JSON has it: a member called `__proto__` is one like any other. */
export function setOwn(target: object, name: string, value: unknown): void {
  if (name !== "__proto__") (target as Members)[name] = value;
  else Object.defineProperty(target, name, { ...OWN, value });
}

const OWN = { configurable: true, enumerable: true, writable: true };
