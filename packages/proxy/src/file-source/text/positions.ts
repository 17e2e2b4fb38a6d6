import {
  type AliasEvent,
  type Event,
  EVENT_ID,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from "js-yaml";
import type { Path } from "./path.ts";

export interface Position {
  /** Both start at 1. */
  readonly line: number;
  readonly column: number;
}

/** The parts of the document that somebody asks for, as a tree. */
interface Wanted {
  offset: number | undefined;
  readonly children: Map<string | number, Wanted>;
}

interface Frame {
  readonly kind: "document" | "mapping" | "sequence";
  readonly wanted: Wanted | undefined;
  /** Of a sequence: items so far. */
  items: number;
  /** Of a mapping, between a key and its value. */
  key: { readonly name: string; readonly offset: number } | undefined;
}

/**
 * Where each path is in the source: a member at its name, an item at its beginning. What is not
 * there, because it is missing or behind an alias, is where its nearest ancestor is.
 */
export function locate(
  source: string,
  events: readonly Event[],
  paths: readonly Path[],
): readonly Position[] {
  const root = wantedTree(paths);
  visit(source, events, root);
  return positionsOf(
    source,
    paths.map((path) => offsetOf(root, path)),
  );
}

/** Line and column of each offset into `source`. */
export function positionsOf(source: string, offsets: readonly number[]): readonly Position[] {
  const positions = new Map<number, Position>();
  let line = 1;
  let lineStart = 0;
  for (const offset of [...new Set(offsets)].toSorted((a, b) => a - b)) {
    let end = source.indexOf("\n", lineStart);
    while (end !== -1 && end < offset) {
      line += 1;
      lineStart = end + 1;
      end = source.indexOf("\n", lineStart);
    }
    positions.set(offset, { line, column: offset - lineStart + 1 });
  }
  return offsets.map((offset) => positions.get(offset) ?? { line: 1, column: 1 });
}

function wantedTree(paths: readonly Path[]): Wanted {
  const root: Wanted = { offset: 0, children: new Map() };
  for (const path of paths) {
    let at = root;
    for (const step of path) {
      const child = at.children.get(step) ?? { offset: undefined, children: new Map() };
      at.children.set(step, child);
      at = child;
    }
  }
  return root;
}

function offsetOf(root: Wanted, path: Path): number {
  let at: Wanted | undefined = root;
  let offset = 0;
  for (const step of path) {
    at = at?.children.get(step);
    offset = at?.offset ?? offset;
  }
  return offset;
}

function visit(source: string, events: readonly Event[], root: Wanted): void {
  const frames: Frame[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) frames.push(newFrame("document", root));
    else if (event.type === EVENT_ID.POP) frames.pop();
    else enter(source, event, frames);
  }
}

type ValueEvent = SequenceEvent | MappingEvent | ScalarEvent | AliasEvent;

function enter(source: string, event: ValueEvent, frames: Frame[]): void {
  const frame = frames.at(-1);
  if (frame?.kind === "mapping" && frame.key === undefined) {
    const isText = frame.wanted !== undefined && event.type === EVENT_ID.SCALAR;
    frame.key = { name: isText ? getScalarValue(source, event) : "", offset: startOf(event) };
    // A list or mapping as a key is refused elsewhere; here its end must only find a frame.
    open(event, undefined, frames);
    return;
  }
  const wanted = frame && wantedOf(frame);
  if (wanted) wanted.offset ??= frame?.key?.offset ?? startOf(event);
  if (frame) frame.key = undefined;
  open(event, wanted, frames);
}

function wantedOf(frame: Frame): Wanted | undefined {
  if (frame.kind === "document") return frame.wanted;
  if (frame.kind === "mapping") return frame.wanted?.children.get(frame.key?.name ?? "");
  frame.items += 1;
  return frame.wanted?.children.get(frame.items - 1);
}

function open(event: ValueEvent, wanted: Wanted | undefined, frames: Frame[]): void {
  if (event.type === EVENT_ID.MAPPING) frames.push(newFrame("mapping", wanted));
  if (event.type === EVENT_ID.SEQUENCE) frames.push(newFrame("sequence", wanted));
}

function newFrame(kind: Frame["kind"], wanted: Wanted | undefined): Frame {
  return { kind, wanted, items: 0, key: undefined };
}

function startOf(event: ValueEvent): number {
  if (event.type === EVENT_ID.ALIAS) return Math.max(event.anchorStart - 1, 0);
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  const isQuoted =
    event.style === SCALAR_STYLE.DOUBLE_QUOTED || event.style === SCALAR_STYLE.SINGLE_QUOTED;
  return Math.max(event.valueStart - (isQuoted ? 1 : 0), 0);
}
