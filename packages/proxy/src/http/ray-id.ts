import { randomFillSync } from "node:crypto";

const BYTES_PER_ID = 12;
const IDS_PER_FILL = 512;

const pool = Buffer.alloc(BYTES_PER_ID * IDS_PER_FILL);
let used = pool.length;

/** 16 URL-safe characters from 96 random bits; one call to the system serves many requests. */
export function createRayId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += BYTES_PER_ID;
  return pool.toString("base64url", start, used);
}
