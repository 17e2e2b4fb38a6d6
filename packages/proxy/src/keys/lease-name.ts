/** Identity of a lease in memory. Its configuration follows from the bytes compared with it. */
export function leaseName(tenantId: string, leaseId: number): string {
  return `${leaseId}/${tenantId}`;
}
