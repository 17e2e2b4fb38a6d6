/** Preloaded into a proxy (`node --import`): writes down every module that is loaded. */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const LOG = process.env["WATCHED_LOG"] ?? "";

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(LOG, `${url}\n`);
    return nextLoad(url, context);
  },
});
