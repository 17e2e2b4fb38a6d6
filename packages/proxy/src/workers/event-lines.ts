/**
 * How events go from a worker to the primary: one line each, as they are, because JSON has no line
 * breaks of its own. A line that begins with a minus counts events that were missed.
 */
const NEWLINE = 0x0a;
const MINUS = 0x2d;

export function missedLine(count: number): string {
  return `-${count}`;
}

export interface EventLineReader {
  event(bytes: Buffer): void;
  missed(count: number): void;
}

/** Cuts what a pipe brings into lines; a line may come in any number of pieces. */
export class EventLines {
  readonly #reader: EventLineReader;
  #rest: Buffer[] = [];

  constructor(reader: EventLineReader) {
    this.#reader = reader;
  }

  append(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#line(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  #line(end: Buffer): void {
    const line = this.#rest.length === 0 ? end : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    if (line[0] === MINUS) this.#reader.missed(Number(line.toString("latin1", 1)));
    else this.#reader.event(line);
  }
}
