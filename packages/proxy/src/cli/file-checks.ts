import { KmsError } from "@tenant-security/kms-adapters";
import type { Settings } from "../config/settings.ts";
import { createDrivers } from "../drivers.ts";
import { certificateEnd } from "../http/server/certificate-end.ts";
import { readTlsPair } from "../http/server/tls.ts";
import { openEventStream } from "../service/event-stream.ts";
import type { KmsConfiguration, OpenedCredentials } from "../tenants/tenant.ts";
import { explainSystemError } from "./system-error.ts";

export interface FileFindings {
  readonly mistakes: readonly string[];
  /** What is worth knowing and no mistake. */
  readonly remarks: readonly string[];
}

/** What is to be said of the files that settings name, other than the configuration file. */
export async function settingsFileFindings(settings: Settings): Promise<FileFindings> {
  const remarks: string[] = [];
  const found = [await tlsMistake(settings, remarks), await curveMistake(settings)];
  return { mistakes: found.filter((mistake) => mistake !== undefined), remarks };
}

async function tlsMistake(
  { http: { tls } }: Settings,
  remarks: string[],
): Promise<string | undefined> {
  return mistakeOf("TLS", async () => {
    if (tls === undefined) return;
    const { end, state } = certificateEnd(await readTlsPair(tls));
    const day = end.toISOString();
    if (state === "has ended") throw new Error(`${tls.certFile} has ended, on ${day}`);
    const warning = state === "ends soon" ? "warning: " : "";
    remarks.push(`${warning}TLS: ${tls.certFile} ends on ${day}`);
  });
}

async function curveMistake(settings: Settings): Promise<string | undefined> {
  const { events } = settings;
  if (!events.enabled || events.curve === undefined) return undefined;
  // On a port of its own, since a proxy may be running on the real one.
  const address = { host: "127.0.0.1", port: 0 };
  return mistakeOf("CURVE", async () => {
    const stream = await openEventStream({ ...settings, events: { ...events, address } }, SILENT);
    await stream?.close();
  });
}

async function mistakeOf(what: string, act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return `${what}: ${explainSystemError(error)}`;
  }
}

const SILENT = { warn: () => {} };

/**
 * Makes the driver of a configuration, which checks key path and credentials, and closes it. Gives
 * a sentence when it cannot be made.
 */
export function driverInspector(
  settings: Settings,
): (
  configuration: KmsConfiguration,
  credentials: OpenedCredentials,
) => Promise<string | undefined> {
  const drivers = createDrivers(settings);
  return async (configuration, credentials) => {
    try {
      const driver = await drivers[configuration.type](configuration, credentials);
      await driver.close?.();
      return undefined;
    } catch (error) {
      if (!KmsError.is(error)) throw error;
      return `KMS configuration ${configuration.id}: ${error.message}`;
    }
  };
}
