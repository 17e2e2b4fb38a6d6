import type { KeyService } from "../keys/service.ts";
import type { Outbox } from "./outbox.ts";
import type { Overload } from "./overload/overload.ts";
import type { HttpLimits, HttpLogger, HttpObserver } from "./ports.ts";
import type { Records } from "./records.ts";
import type { Connections } from "./server/connections.ts";
import type { OkHead } from "./server/ok-head.ts";

/** What all requests share. */
export interface ExchangeParts {
  readonly keys: Pick<KeyService, "kmsTypeOf">;
  readonly observer: HttpObserver;
  readonly logger: HttpLogger;
  readonly limits: HttpLimits;
  readonly connections: Connections;
  readonly overload: Overload;
  readonly records: Records;
  readonly outbox: Outbox;
  readonly okHead: OkHead;
}
