import type { MaybePromise } from "../keys/ports.ts";
import type { Exchange } from "./exchange.ts";

/** Answers with what a use case gives, without a promise when it is there at once. */
export function deliver<T>(
  exchange: Exchange,
  result: MaybePromise<T>,
  render: (value: T) => string,
): void {
  if (result instanceof Promise) {
    exchange.waitFor(result.then((value) => exchange.succeed(render(value))));
  } else {
    exchange.succeed(render(result));
  }
}
