/** The file as a whole cannot be used. The message lists every mistake, one a line. */
export class FileSourceError extends Error {
  static {
    this.prototype.name = "FileSourceError";
  }

  /** One line each: file, line and column, path, what was expected. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[], options?: ErrorOptions) {
    super(mistakes.join("\n"), options);
    this.mistakes = mistakes;
  }
}
