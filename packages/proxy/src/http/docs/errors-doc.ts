import { HTTP_STATUS, STATUS, type StatusName } from "../../status.ts";
import { ERROR_TEXTS, HTTP_TEXTS } from "./error-texts.ts";

const HEAD = `# Error codes

Every refused request is answered with a JSON object of two members and an HTTP status of 400 or
more:

\`\`\`json
{ "code": 201, "message": "what went wrong and what to do" }
\`\`\`

\`code\` is stable: programs decide by it. \`message\` is for people and may change. The failures of a
batch have the same two members, one object for each document id that failed; the batch itself is
answered with 200. The \`x-ray-id\` of an answer is also in the proxy's log.

HTTP 401 means a wrong API key and nothing else.
`;

const HTTP_HEAD = `## Other statuses

Code 102 also stands for refusals that concern HTTP itself:
`;

const TAIL = `## Too much at once

Every 429 and 503 says in \`Retry-After\` after how many seconds a request has a chance again. Nothing
was done for it, and trying again is safe.

| HTTP | Code | Who has no room                                                       | Setting                           |
| ---- | ---- | --------------------------------------------------------------------- | --------------------------------- |
| 503  | 100  | the proxy: requests wait too long before it gets to them              | \`TSP_OVERLOAD_DELAY_MS\`         |
| 503  | 100  | the proxy: too many requests wait for a KMS or for their turn         | \`TSP_MAX_IN_FLIGHT_REQUESTS\`    |
| 503  | 100  | the proxy: a batch waited 10 seconds for its turn                     | \`TSP_MAX_IN_FLIGHT_BATCH_ITEMS\` |
| 503  | 100  | the proxy: too many bytes of bodies are on their way                  | \`TSP_MAX_IN_FLIGHT_BODY_BYTES\`  |
| 503  | 100  | the proxy: too many connections, or 256 requests wait on this one     | \`TSP_MAX_CONNECTIONS\`           |
| 503  | 100  | the proxy gave the request up                                         | \`TSP_REQUEST_TIMEOUT_MS\`        |
| 503  | 208  | the tenant's KMS: it does not answer, or is left alone for 5 seconds  | \`TSP_KMS_TIMEOUT_MS\`            |
| 429  | 209  | the tenant's KMS limits its rate, or too many calls to it are waiting | \`TSP_KMS_QUEUE_SIZE\`            |

A client that comes back sooner and has to be refused again on the same connection gets that answer
only when its time has come.
`;

/** The text of \`docs/errors.md\`. */
export function renderErrorsDoc(): string {
  const names = Object.keys(STATUS) as StatusName[];
  const codes = names
    .toSorted((a, b) => STATUS[a] - STATUS[b])
    .map((name) => {
      const { meaning, remedy } = ERROR_TEXTS[name];
      return [`${STATUS[name]}`, `\`${name}\``, `${HTTP_STATUS[name]}`, meaning, remedy];
    });
  const statuses = Object.entries(HTTP_TEXTS);
  return [
    HEAD,
    table(["Code", "Name", "HTTP", "Meaning", "What to do"], codes),
    HTTP_HEAD,
    table(["HTTP", "Meaning"], statuses),
    TAIL,
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}
