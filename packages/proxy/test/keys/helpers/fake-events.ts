import { ProxyError } from "../../../src/errors.ts";
import type { Call, EventPort, KeyEventName } from "../../../src/keys/ports.ts";

/** Remembers what was recorded, and refuses like `require` mode when told. */
export class FakeEvents implements EventPort {
  readonly recorded: (readonly [KeyEventName, string])[] = [];
  admitted: string[] = [];
  /** Records accepted before every further one is refused. */
  room: number = Infinity;

  admit(call: Call, tenantId: string = call.tenantId): void {
    this.admitted.push(tenantId);
  }

  record(event: KeyEventName, call: Call, tenantId: string = call.tenantId): void {
    if (event !== "DATA_DENY_ACCESS" && this.recorded.length >= this.room) {
      throw new ProxyError("SECURITY_EVENT_REJECTED", "no room for an event");
    }
    this.recorded.push([event, tenantId]);
  }
}
