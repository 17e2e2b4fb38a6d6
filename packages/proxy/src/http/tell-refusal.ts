import type { Overload } from "./overload/overload.ts";
import { ShedError } from "./overload/shed-error.ts";
import type { HttpLogger, HttpObserver } from "./ports.ts";
import { logRefusal, type Refusal } from "./refusal-log.ts";

export interface RefusalListeners {
  readonly logger: HttpLogger;
  readonly observer: Pick<HttpObserver, "shed">;
  readonly overload: Pick<Overload, "log">;
}

/** Tells operators of a refused request: one line each, but for those there was no room for. */
export function tellRefusal(
  { logger, observer, overload }: RefusalListeners,
  refusal: Refusal,
): void {
  const { error } = refusal;
  if (error instanceof ShedError) {
    observer.shed(error.reason);
    overload.log.note(error.reason);
  } else {
    logRefusal(logger, refusal);
  }
}
