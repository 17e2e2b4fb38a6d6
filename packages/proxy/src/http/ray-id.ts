import { randomBytes } from "node:crypto";

const BYTES_PER_ID = 12;
const ID_LENGTH = 16;
const IDS_PER_FILL = 512;

let pool = "";
let used = 0;

/** 16 URL-safe characters from 96 random bits; one call to the system serves many requests. */
export function createRayId(): string {
  if (used === pool.length) {
    pool = randomBytes(BYTES_PER_ID * IDS_PER_FILL).toString("base64url");
    used = 0;
  }
  const start = used;
  used += ID_LENGTH;
  return pool.slice(start, used);
}
