import { constructFromEvents, type Event, parseEvents, YAMLException } from "js-yaml";
import { hasDuplicateKeys } from "./duplicate-keys.ts";
import type { Path } from "./path.ts";
import { locate, type Position, positionsOf } from "./positions.ts";

/** The value that a text stands for, and where its parts are. */
export interface ReadText {
  readonly value: unknown;
  /** Positions in the order of `paths`; nothing when the text cannot be walked again. */
  readonly locate: (paths: readonly Path[]) => readonly Position[];
}

/** Why a text cannot be read. The message shows nothing of the text. */
export class TextError extends Error {
  static {
    this.prototype.name = "TextError";
  }

  readonly position: Position | undefined;

  constructor(message: string, position?: Position) {
    super(message);
    this.position = position;
  }
}

const MAX_DEPTH = 32;

/**
 * Reads YAML 1.2 (core schema, no tags of other kinds) or JSON.
 * @throws TextError when it is neither, holds a key twice or is not exactly one document
 */
export function readText(text: string): ReadText {
  const json = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  return json && !hasDuplicateKeys(text, json.value) ? json : readYaml(text);
}

/** JSON needs no second parser unless a position is asked for. */
function parseJson(text: string): ReadText | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return {
      value,
      locate: (paths) => {
        const events = tryEvents(text);
        return events ? locate(text, events, paths) : [];
      },
    };
  } catch {
    // YAML's flow style reads more than JSON, and says where it gives up.
    return undefined;
  }
}

function readYaml(text: string): ReadText {
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const documents = constructFromEvents(events, { source: text });
    if (documents.length > 1) throw new TextError("expected one document, found several");
    return { value: documents[0], locate: (paths) => locate(text, events, paths) };
  } catch (error) {
    throw error instanceof YAMLException ? explained(error, text) : error;
  }
}

function tryEvents(text: string): readonly Event[] | undefined {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch {
    return undefined;
  }
}

/** The parser quotes names, tags and lines of the text, and any of them may be a secret. */
function explained({ reason, mark }: YAMLException, text: string): TextError {
  const said = reason
    .replace(/\s*"[^]*"/, "")
    .replace(/\s*!<[^]*>( explicit tag)?/, " tag")
    .replace(/: [^]*$/, "");
  const [position] = mark ? positionsOf(text, [mark.position]) : [];
  return new TextError(said, position);
}
