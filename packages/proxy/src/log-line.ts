/** Of a text in a line that is too long; halved until the line fits. */
const LONGEST_TEXT = 1_024;
const SHORTEST_TEXT = 32;

/** What tells where a line comes from; the rest goes when nothing else helps. */
const ESSENTIAL = ["level", "timestamp", "service", "worker", "message"];

/**
 * A line of JSON, its line break included, in at most `maxBytes`: long texts and lists in it are cut
 * until it fits, and it says so.
 */
export function fittedLine(line: string, maxBytes: number): string {
  // No character takes more than three bytes for each of its places in a string.
  if (line.length * 3 <= maxBytes || Buffer.byteLength(line) <= maxBytes) return line;
  const content: unknown = JSON.parse(line);
  for (let longest = LONGEST_TEXT; longest >= SHORTEST_TEXT; longest /= 2) {
    const cut = lineOf({ ...cutDown(content, longest), cut: true });
    if (Buffer.byteLength(cut) <= maxBytes) return cut;
  }
  const essential = Object.entries(cutDown(content, SHORTEST_TEXT));
  const kept = essential.filter(([name]) => ESSENTIAL.includes(name));
  return lineOf({ ...Object.fromEntries(kept), cut: true });
}

function lineOf(content: object): string {
  return `${JSON.stringify(content)}\n`;
}

function cutDown(content: unknown, longest: number): object {
  const text = JSON.stringify(content, (_key, value: unknown) => {
    if (typeof value === "string") return cutText(value, longest);
    return Array.isArray(value) ? cutList(value, longest / SHORTEST_TEXT) : value;
  });
  return JSON.parse(text) as object;
}

function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

function cutList(list: readonly unknown[], longest: number): readonly unknown[] {
  if (list.length <= longest) return list;
  return [...list.slice(0, longest), `… ${list.length - longest} more`];
}
