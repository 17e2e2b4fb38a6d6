export { startAzureVendor } from "./azure.ts";
export { startGcpVendor } from "./gcp.ts";
export { KEY_UNAVAILABLE, type VendorOnLoopback } from "./on-loopback.ts";
export { startThalesVendor } from "./thales.ts";
export { type Vendor, vendorConfiguration, vendorEnvironment } from "./vendor.ts";
