import type { STSClient } from "@aws-sdk/client-sts";
import { DriverError } from "../driver-error.ts";
import { unusable } from "../rest/unusable.ts";
import { SharedFlight } from "../shared-flight.ts";
import { awsFault, isExpired, STS_CODES } from "./faults.ts";
import { type AwsKeyPair, type AwsRole, NAME } from "./options.ts";
import { sdkConfig } from "./sdk-config.ts";
import { SdkTransport } from "./transport.ts";

export interface Session {
  readonly credentials: AwsKeyPair;
  /** Milliseconds of `performance.now`. */
  readonly endsAt: number;
  renewAt: number;
}

export interface AwsSessionsOptions {
  readonly role: AwsRole;
  readonly region: string;
  readonly keyPair: AwsKeyPair;
  readonly connectTimeoutMs: number | undefined;
  readonly maxSockets: number | undefined;
  readonly caCertificate: string | undefined;
}

type Sts = typeof import("@aws-sdk/client-sts");

const LIFE_SECONDS = 3_600;
const FLIGHT_MS = 10_000;
const RENEWAL_PAUSE_MS = 10_000;

/** The credentials of an assumed role: one request at a time, renewed at two thirds of their life. */
export class AwsSessions {
  readonly #options: AwsSessionsOptions;
  readonly #transport: SdkTransport;
  readonly #closed = new AbortController();
  readonly #flight = new SharedFlight(() => this.#assume());
  #client: STSClient | undefined;
  #held: Session | undefined;

  constructor(options: AwsSessionsOptions) {
    this.#options = options;
    const { role, connectTimeoutMs, maxSockets, caCertificate } = options;
    const limits = { connectTimeoutMs, maxSockets, caCertificate };
    this.#transport = new SdkTransport({ address: role.address, format: "xml", ...limits });
  }

  async use<T>(signal: AbortSignal, call: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#get(signal);
    try {
      return await call(session);
    } catch (error) {
      if (!isExpired(error)) throw error;
      if (this.#held === session) this.#held = undefined;
      return await call(await this.#get(signal));
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new DriverError({ code: "KMS_CLOSED" }));
    this.#held = undefined;
    await this.#transport.close();
  }

  async #get(signal: AbortSignal): Promise<Session> {
    this.#closed.signal.throwIfAborted();
    const held = this.#held;
    const now = performance.now();
    if (held === undefined || now >= held.endsAt) return this.#flight.join(signal);
    if (now >= held.renewAt && !this.#flight.underWay) {
      // When it fails, the present session is still good, and the next try waits a little.
      held.renewAt = now + RENEWAL_PAUSE_MS;
      this.#flight.start().catch(() => {});
    }
    return held;
  }

  async #assume(): Promise<Session> {
    const { role } = this.#options;
    const sts = await importSts();
    const abortSignal = AbortSignal.any([AbortSignal.timeout(FLIGHT_MS), this.#closed.signal]);
    const command = new sts.AssumeRoleCommand({
      RoleArn: role.arn,
      RoleSessionName: "tenant-security",
      DurationSeconds: LIFE_SECONDS,
      ...(role.externalId !== undefined && { ExternalId: role.externalId }),
    });
    try {
      const { Credentials } = await this.#sts(sts).send(command, { abortSignal });
      return this.#keep(Credentials);
    } catch (error) {
      if (error instanceof DriverError) throw error;
      throw new DriverError(awsFault(error, STS_CODES), { cause: error });
    }
  }

  #sts({ STSClient }: Sts): STSClient {
    const { region, role, keyPair } = this.#options;
    this.#client ??= new STSClient({
      ...sdkConfig(region, role.address.origin, keyPair),
      requestHandler: this.#transport.handler,
    });
    return this.#client;
  }

  #keep(given: Partial<SessionCredentials> | undefined): Session {
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
    const left = (Expiration?.getTime() ?? Number.NaN) - Date.now();
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !(left > 0)) {
      throw unusable("AWS gave no usable credentials for the role");
    }
    const lifeMs = Math.min(left, LIFE_SECONDS * 1_000);
    const now = performance.now();
    const session = {
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      },
      endsAt: now + lifeMs,
      renewAt: now + (lifeMs * 2) / 3,
    };
    if (!this.#closed.signal.aborted) this.#held = session;
    return session;
  }
}

interface SessionCredentials {
  readonly AccessKeyId: string | undefined;
  readonly SecretAccessKey: string | undefined;
  readonly SessionToken: string | undefined;
  readonly Expiration: Date | undefined;
}

/** Only who assumes roles needs the package. */
async function importSts(): Promise<Sts> {
  try {
    return await import("@aws-sdk/client-sts");
  } catch (cause) {
    const detail = `the package @aws-sdk/client-sts, which ${NAME} roles need, is not installed`;
    throw new DriverError({ code: "KMS_CONFIG_INVALID", detail }, { cause });
  }
}
