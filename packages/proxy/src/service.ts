import type { Settings } from "./config/settings.ts";
import type { Service, ServiceDependencies } from "./service/ports.ts";
import { SoloService } from "./service/solo-service.ts";
import { PrimaryService } from "./workers/primary-service.ts";

/**
 * Puts every part of the proxy together, in this process or, with more than one worker, in several.
 * A source or drivers of one's own live in this process. Opens nothing before `start`.
 */
export function createService(settings: Settings, dependencies: ServiceDependencies): Service {
  const { source, drivers } = dependencies;
  const alone = settings.workers === 1 || source !== undefined || drivers !== undefined;
  return alone
    ? new SoloService(settings, dependencies)
    : new PrimaryService(settings, dependencies);
}
