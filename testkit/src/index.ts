export { type Backend, type Balancer, openBalancer } from "./balancer.ts";
export { type Certificate, selfSignedCertificate } from "./certificate.ts";
export { DataFolder } from "./data-folder.ts";
export {
  active,
  type AssignmentEntry,
  type ConfigurationDocument,
  type ConfigurationEntry,
  disabled,
  localConfiguration,
  type LocalOptions,
  primary,
  type SecretReference,
  type TenantEntry,
  vaultConfiguration,
} from "./documents.ts";
export { EventReader, type SecurityEventMessage } from "./event-reader.ts";
export {
  FakeVault,
  honest,
  refusing,
  type VaultAnswer,
  type VaultBehaviour,
  type VaultCall,
} from "./fake-vault.ts";
export { childrenOf, statOf } from "./processes.ts";
export {
  API_KEY,
  type Proxy,
  proxyEnvironment,
  type ProxyOptions,
  startProxy,
  TEST_WORKERS,
} from "./proxy.ts";
export {
  type Exit,
  type LogLine,
  Program,
  type ProgramOptions,
  runProgram,
} from "./proxy-process.ts";
export { type RawAnswer, RawSocket } from "./raw-socket.ts";
export { openRelay, type Relay } from "./relay.ts";
export { type Answer, get, send, type WireOptions } from "./wire.ts";
