import { constants } from "node:os";

/**
 * The first process of a container is deaf to signals that it does not listen for, where any other
 * would end. Imported before everything else, this makes it end as well, for as long as nobody
 * else listens.
 */
if (process.pid === 1) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
