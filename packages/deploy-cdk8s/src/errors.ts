/** One thing that is wrong with the props, and where: `networkPolicy.clients[0].cidr`. */
export interface Mistake {
  readonly path: string;
  /** Goes on where the path ends: `must be …`, `is missing`. Shows no value but ranges. */
  readonly message: string;
}

/** The props cannot be rendered. Every mistake is in `mistakes`, and in the message. */
export class PropsError extends Error {
  static {
    this.prototype.name = "PropsError";
  }

  readonly code = "PROPS_INVALID";
  /** At least one. */
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ path, message }) => `  ${path}: ${message}`);
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    super([`${count} in the settings of the Tenant Security Proxy`, ...lines].join("\n"));
    this.mistakes = mistakes;
  }
}
