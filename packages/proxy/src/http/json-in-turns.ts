import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { endOfString, parseExactJson, setOwn } from "./exact-json.ts";

export type ParseJson = (text: string) => unknown;

/** Characters parsed in one turn of the event loop: a millisecond's work on a slow machine. */
const PIECE_LENGTH = 131_072;

/** What stands for a member that was parsed in pieces. Nobody outside can know it. */
const MARK: string = randomBytes(16).toString("hex");

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

type Items = Record<string, unknown> | unknown[];

/**
 * The value of a JSON text, as `parse` gives it, without holding up the event loop for a long one:
 * members of the outermost object, such as the items of a batch, are parsed in pieces.
 * @throws SyntaxError, or what `parse` throws
 */
export async function parseInTurns(
  text: string,
  parse: ParseJson = parseExactJson,
  pieceLength: number = PIECE_LENGTH,
): Promise<unknown> {
  if (text.length <= pieceLength || !/^\s*\{/.test(text)) return parse(text);
  const cutter = new Cutter(text, parse, pieceLength);
  while (cutter.go()) await nextTurn();
  return cutter.value();
}

/**
 * Cuts a text at commas between the items of a member, parses the pieces, and at the end the rest
 * with a mark in place of each such member. Pieces and rest are valid if and only if the whole is:
 * what is taken out is a list of items inside its brackets, what is put in is a value.
 */
class Cutter {
  readonly #text: string;
  readonly #parse: ParseJson;
  readonly #pieceLength: number;
  /** Members that were parsed in pieces. */
  readonly #members: Items[] = [];
  #rest = "";
  /** Up to here everything is in `#rest` or in a member. */
  #taken = 0;
  #at = 0;
  #depth = 0;
  /** The member that `#at` is in: its start, its brackets, its next piece, the items so far. */
  #memberAt = 0;
  #brackets: "{}" | "[]" = "{}";
  #pieceAt = 0;
  #items: Items | undefined;

  constructor(text: string, parse: ParseJson, pieceLength: number) {
    this.#text = text;
    this.#parse = parse;
    this.#pieceLength = pieceLength;
  }

  /** Goes on for one turn. False at the end of the text. */
  go(): boolean {
    const turnEnds = this.#at + this.#pieceLength;
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) this.#at = endOfString(this.#text, this.#at);
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#open(code);
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.#close(code);
      else if (code === COMMA && this.#depth === 2) this.#comma();
      this.#at += 1;
      if (this.#at >= turnEnds) return true;
    }
    return false;
  }

  /** What the whole text stands for, once there is nothing left to go. */
  value(): unknown {
    const value = this.#parse(this.#rest + this.#text.slice(this.#taken)) as Items;
    for (const [name, member] of Object.entries(value)) {
      if (Array.isArray(member) && member[0] === MARK) {
        setOwn(value, name, this.#members[Number(member[1])]);
      }
    }
    return value;
  }

  #open(code: number): void {
    this.#depth += 1;
    if (this.#depth !== 2) return;
    this.#memberAt = this.#at;
    this.#pieceAt = this.#at + 1;
    this.#brackets = code === OPEN_OBJECT ? "{}" : "[]";
    this.#items = undefined;
  }

  #comma(): void {
    if (this.#at - this.#pieceAt < this.#pieceLength) return;
    this.#cut();
    this.#pieceAt = this.#at + 1;
  }

  #close(code: number): void {
    this.#depth -= 1;
    if (this.#depth !== 1 || this.#items === undefined) return;
    if (code !== this.#brackets.charCodeAt(1)) throw new SyntaxError("brackets do not match");
    this.#cut();
    this.#rest += this.#text.slice(this.#taken, this.#memberAt);
    this.#rest += `["${MARK}",${this.#members.length}]`;
    this.#taken = this.#at + 1;
    this.#members.push(this.#items);
    this.#items = undefined;
  }

  /** Parses what lies between the last cut and here. */
  #cut(): void {
    const [open = "", close = ""] = this.#brackets;
    const piece = this.#parse(open + this.#text.slice(this.#pieceAt, this.#at) + close) as Items;
    const names = Object.keys(piece);
    if (names.length === 0) throw new SyntaxError("a comma without an item");
    this.#items = this.#items === undefined ? piece : join(this.#items, piece, names);
  }
}

function join(items: Items, piece: Items, names: readonly string[]): Items {
  if (Array.isArray(items)) for (const item of piece as unknown[]) items.push(item);
  else for (const name of names) setOwn(items, name, (piece as Record<string, unknown>)[name]);
  return items;
}
