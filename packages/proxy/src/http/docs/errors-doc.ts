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

const TAIL = `Code 100 with HTTP 503: the proxy has no room for another connection, or gave the request up after
\`TSP_REQUEST_TIMEOUT_MS\`. Trying again is safe.
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
