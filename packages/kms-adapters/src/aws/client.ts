import { KMSClient } from "@aws-sdk/client-kms";
import { SdkTransport } from "./transport.ts";
import type { AwsKeyPair, AwsKmsOptions, AwsSettings } from "./options.ts";
import { sdkConfig } from "./sdk-config.ts";
import { AwsSessions, type Session } from "./sessions.ts";

/** The slice of the SDK client that the driver uses; a test double needs only this. */
type AwsKmsClient = Pick<KMSClient, "send">;

export interface AwsClients {
  /** Runs `call` with a client whose credentials are good, once more when they had expired. */
  use<T>(signal: AbortSignal, call: (client: AwsKmsClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The default client: signed with the key pair of the configuration, or as the role it names. */
export function createAwsClients(settings: AwsSettings, options: AwsKmsOptions): AwsClients {
  const { region, address, keyPair, role } = settings;
  const { connectTimeoutMs, maxSockets, caCertificate } = options;
  const limits = { connectTimeoutMs, maxSockets, caCertificate };
  const transport = new SdkTransport({ address, format: "json", ...limits });
  const clientOf = (credentials: AwsKeyPair): AwsKmsClient =>
    new KMSClient({
      ...sdkConfig(region, address.origin, credentials),
      requestHandler: transport.handler,
    });

  if (role === undefined) {
    const client = clientOf(keyPair);
    return { use: (_signal, call) => call(client), close: () => transport.close() };
  }
  const sessions = new AwsSessions({ role, region, keyPair, ...limits });
  const clients = new WeakMap<Session, AwsKmsClient>();
  return {
    use: (signal, call) =>
      sessions.use(signal, (session) => {
        const client = clients.get(session) ?? clientOf(session.credentials);
        clients.set(session, client);
        return call(client);
      }),
    close: async () => {
      await Promise.all([sessions.close(), transport.close()]);
    },
  };
}
