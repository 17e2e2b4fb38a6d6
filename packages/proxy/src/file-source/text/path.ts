/** Where a value is inside the document: member names and list indexes from the top. */
export type Path = readonly (string | number)[];

const LONGEST_NAME = 60;

/** `tenants[2].configurations[0].id`; names that are no plain words in quotes, cut when long. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_]\w{0,59}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}

/** A text of the document on one line, in quotes, cut when long. Never called with a secret. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
}
