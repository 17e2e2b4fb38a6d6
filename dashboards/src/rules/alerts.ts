import type { AlertGroup } from "./alert.ts";
import { AVAILABILITY } from "./availability.ts";
import { CONFIGURATION } from "./configuration.ts";
import { EVENTS } from "./events.ts";
import { KMS } from "./kms.ts";
import { PROCESS } from "./process.ts";
import { REQUESTS_GROUP } from "./requests.ts";
import { TLS } from "./tls.ts";

/** Every alert, in the order of the generated files. */
export const ALERT_GROUPS: readonly AlertGroup[] = [
  AVAILABILITY,
  CONFIGURATION,
  TLS,
  REQUESTS_GROUP,
  KMS,
  EVENTS,
  PROCESS,
];
