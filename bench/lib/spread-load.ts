import { createRequire } from "node:module";
import { API_KEY } from "@tenant-security/testkit";
import { requestBody } from "./tenants.ts";

/** A program: autocannon with another tenant in each request. Its argument is a `SpreadLoad` in JSON. */

export interface SpreadLoad {
  readonly url: string;
  /** Requests are of `tenant-1` to this one, by chance. */
  readonly tenants: number;
  readonly connections: number;
  readonly seconds: number;
}

type Request = Readonly<Record<string, unknown>>;
type Autocannon = (options: object) => PromiseLike<unknown>;

const autocannon = createRequire(import.meta.url)("autocannon") as Autocannon;

const { url, tenants, connections, seconds } = JSON.parse(process.argv[2] ?? "") as SpreadLoad;
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  method: "POST",
  headers: { "content-type": "application/json", authorization: `cmk ${API_KEY}` },
  requests: [
    {
      setupRequest: (request: Request) => {
        const tenant = 1 + Math.floor(Math.random() * tenants);
        return { ...request, body: JSON.stringify(requestBody(`tenant-${tenant}`)) };
      },
    },
  ],
});
process.stdout.write(JSON.stringify(result));
