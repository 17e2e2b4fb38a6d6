/** What a Markdown page points at, and what others can point at in it. */
export interface Page {
  /** Targets of links and images, as they are written. */
  readonly links: readonly string[];
  /** Fragments of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
}

const FENCE = /^\s*(```+|~~~+)/;
const HEADING = /^#{1,6}\s+(.+?)\s*#*$/;
const LINK = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\[[^\]]+\]:\s+(\S+)/;

/** Reads a page line by line; what is code is neither a link nor a heading. */
export function readPage(text: string): Page {
  const links: string[] = [];
  const anchors = new Set<string>();
  for (const line of prose(text)) {
    const heading = HEADING.exec(line)?.[1];
    if (heading !== undefined) addAnchor(anchors, heading);
    const visible = line.replace(/`[^`]*`/g, "");
    for (const [, target = ""] of visible.matchAll(LINK)) links.push(target);
    const reference = REFERENCE.exec(visible)?.[1];
    if (reference !== undefined) links.push(reference);
  }
  return { links, anchors };
}

function* prose(text: string): Generator<string> {
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (mark === undefined) {
      if (fence === undefined) yield line;
    } else if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
  }
}

function addAnchor(anchors: Set<string>, heading: string): void {
  const slug = heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
  let anchor = slug;
  for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
  anchors.add(anchor);
}
