import type { KeyService } from "../../keys/service.ts";
import type { ApplicationEvents } from "../ports.ts";

/** The use cases that routes call. */
export interface RouteParts {
  readonly keys: KeyService;
  readonly events: ApplicationEvents;
}
