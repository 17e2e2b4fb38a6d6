export type SettingGroup =
  | "Access"
  | "Logs"
  | "Processes"
  | "Addresses"
  | "Tenants"
  | "HTTP"
  | "Overload"
  | "Security events"
  | "Keys"
  | "KMS calls"
  | "Stopping"
  | "Accepted and ignored";

export type SettingUnit =
  | "ms"
  | "bytes"
  | "events"
  | "items"
  | "connections"
  | "requests"
  | "wraps"
  | "calls";

interface Described {
  readonly group: SettingGroup;
  /** One or two sentences of Markdown. */
  readonly about: string;
  /** First version that knows the variable; `original` for those of the original TSP. */
  readonly since: string;
}

/** A whole number in decimal digits. */
export interface IntegerSetting extends Described {
  readonly kind: "integer";
  readonly unit: SettingUnit;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** How many processes serve requests; by default as many as there are CPUs. */
export interface WorkersSetting extends Described {
  readonly kind: "workers";
  readonly min: number;
  readonly max: number;
  /** What is used when the variable is not set, as Markdown. */
  readonly standard: string;
}

export interface BooleanSetting extends Described {
  readonly kind: "boolean";
  readonly default: boolean;
}

/** One of a closed set of words. */
export interface ChoiceSetting<Word extends string = string> extends Described {
  readonly kind: "choice";
  readonly default: Word;
  readonly choices: readonly Word[];
}

/** Path of a file. Whether it can be read is found out by whoever reads it. */
export interface FileSetting extends Described {
  readonly kind: "file";
  readonly required?: boolean;
  /** The variable that has to be set together with this one. */
  readonly pair?: string;
}

/** A key of the API. Its value is never shown. */
export interface SecretSetting extends Described {
  readonly kind: "secret";
  readonly required?: boolean;
}

/** An IP address without a port. */
export interface IpSetting extends Described {
  readonly kind: "ip";
  readonly default: string;
}

/** `IP` or `IP:PORT`; what is missing comes from `TSP_BIND_ADDRESS` and `port`. */
export interface AddressSetting extends Described {
  readonly kind: "address";
  readonly port: number;
}

/** Comma-separated hosts that KMS addresses may name beyond the rules. */
export interface HostsSetting extends Described {
  readonly kind: "hosts";
}

/** `http(s)://host[:port]` that stands in for a vendor's own address. */
export interface EndpointSetting extends Described {
  readonly kind: "endpoint";
  /** What is used when the variable is not set, as Markdown. */
  readonly standard: string;
  /** A path belongs to it. */
  readonly path?: boolean;
}

/** Rust's notation of log levels. A value that makes no sense is a warning. */
export interface DirectivesSetting extends Described {
  readonly kind: "directives";
}

/** Belongs to another program or to a later version; accepted, so that one file serves both. */
export interface IgnoredSetting extends Described {
  readonly kind: "ignored";
}

/** One environment variable, as data: the loader and the documentation read the same entry. */
export type Setting =
  | IntegerSetting
  | WorkersSetting
  | BooleanSetting
  | ChoiceSetting
  | FileSetting
  | SecretSetting
  | IpSetting
  | AddressSetting
  | HostsSetting
  | EndpointSetting
  | DirectivesSetting
  | IgnoredSetting;
