/** A security event of a usual size, 350 bytes or so; each one is a text of its own. */
export function eventText(sequence: number): string {
  return JSON.stringify({
    v: 1,
    tenantId: "tenant-1",
    timestamp: new Date().toISOString(),
    iclFields: { requestingId: "user-1", event: "DATA_ENCRYPT", tspRayId: "0123456789abcdef" },
    customFields: { document: `${sequence}-${"x".repeat(150)}` },
  });
}
