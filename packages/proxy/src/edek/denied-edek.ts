import { ProxyError } from "../errors.ts";

/** A well-formed EDEK that this tenant may not open: somebody tried, and an event says so. */
export class DeniedEdek extends ProxyError {
  static {
    this.prototype.name = "DeniedEdek";
  }

  constructor(message: string) {
    super("INVALID_PROVIDED_EDEK", message);
  }
}

/** What a wrong tenant, configuration or lease looks like; a changed byte looks no different. */
export function bindingMismatch(): DeniedEdek {
  return new DeniedEdek(
    "The provided EDEK does not open: it was made for another tenant, KMS configuration or " +
      "lease, or it was changed",
  );
}
