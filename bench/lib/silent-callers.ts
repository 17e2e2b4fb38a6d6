import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send } from "@tenant-security/testkit";
import { requestBody } from "./tenants.ts";

/**
 * A program: callers of a tenant whose KMS is silent, until it is killed. A process of its own, so
 * that what they do is not in the way of those whose time is taken. Arguments: URL, callers.
 */
const [url = "", callers = "0"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

process.stdout.write("calling\n");
await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    for (;;) {
      await send(`${url}/api/1/document/wrap`, requestBody("silent"), { agent });
      // Answers come at once while the breaker is open; callers that work have more to do than ask.
      await sleep(200);
    }
  }),
);
