export { type LoadedSettings, loadSettings } from "./config/load.ts";
export type { Address, KmsEndpoints, LogLevel, Settings } from "./config/settings.ts";
export { createDrivers } from "./drivers.ts";
export { ProxyError, type ProxyErrorOptions } from "./errors.ts";
export type { DriverFactory } from "./keys/kms-client.ts";
export { createService } from "./service.ts";
export type { Addresses, Service, ServiceDependencies, Stopped } from "./service/ports.ts";
export { HTTP_STATUS, STATUS, type StatusName, statusOf } from "./status.ts";
export type {
  RotationStatus,
  SecretKey,
  SecretStore,
  SecretType,
  Snapshot,
  StoredSecret,
  TenantSource,
} from "./tenants/source.ts";
export type {
  Assignment,
  KmsConfiguration,
  KmsType,
  OpenedCredentials,
  Tenant,
  UnusableConfiguration,
} from "./tenants/tenant.ts";
