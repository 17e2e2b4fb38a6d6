import { Type } from "typebox";
import { type ApiRoute, apiRoute } from "../api-route.ts";
import { deliver } from "../deliver.ts";
import { httpRefusal } from "../http-refusal.ts";
import { ANSWERS } from "../schemas/answers.ts";
import { ICL_PROPERTIES, optionalText } from "../schemas/metadata.ts";
import type { RouteParts } from "./parts.ts";

/** The furthest from 1970, in milliseconds, that ECMAScript's dates reach. */
const MAX_TIME = 8.64e15;

const members = {
  // One of the clients writes the name beside `iclFields`, the others into it.
  event: optionalText("Name of the event; here or in iclFields"),
  iclFields: Type.Object({ ...ICL_PROPERTIES, event: optionalText("Name of the event") }),
  timestampMillis: Type.Optional(
    Type.Unsafe<number | null>({
      type: ["number", "null"],
      minimum: -MAX_TIME,
      maximum: MAX_TIME,
      description: "Milliseconds since the Unix epoch; left out: now",
    }),
  ),
};

export function securityEventRoute({ events }: RouteParts): ApiRoute {
  return apiRoute({
    path: "/api/1/event/security-event",
    summary: "Takes a security event of the application",
    members,
    answer: ANSWERS.nothing,
    serve(exchange, { event: name, iclFields, timestampMillis }) {
      const event = iclFields.event || name;
      if (!event) throw httpRefusal(400, "iclFields.event is missing: send the event's name");
      const when = Math.trunc(timestampMillis ?? Date.now());
      const accepted = events.securityEvent(exchange, { event, timestampMillis: when });
      deliver(exchange, accepted, () => "null");
    },
  });
}
