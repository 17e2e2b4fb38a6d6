import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 250;

/** Runs `work` while no other process does so under the same file. A dead owner's lock is taken. */
export async function withLock(file, work) {
  while (!take(file)) {
    if (!ownerLives(file)) rmSync(file, { force: true });
    else await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function ownerLives(file) {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    // Somebody else's process lives too; a file that is gone is taken in the next round.
    return error.code === "EPERM";
  }
}
