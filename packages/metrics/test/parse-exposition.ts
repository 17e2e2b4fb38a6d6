interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

const NAME = /^[a-z_][a-z0-9_]*$/;
const LINE = /^(?<name>[a-z_][a-z0-9_]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /^(?<name>[a-z_][a-z0-9_]*)="(?<value>(?:[^"\\]|\\["\\n])*)"(?:,|$)/;

/**
 * Reads the Prometheus text format and refuses whatever a server would: a family twice, samples
 * without HELP and TYPE above them, a series twice, unquoted labels, a value that is no number.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; help: string; samples: ParsedSample[] }>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.split("\n").filter(Boolean)) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    const family = families.get(current);
    if (comment?.[1] === "HELP") {
      current = comment[2] ?? "";
      if (!NAME.test(current) || families.has(current)) throw new Error(`family: ${line}`);
      families.set(current, { type: "", help: comment[3] ?? "", samples: [] });
    } else if (comment?.[1] === "TYPE") {
      if (family === undefined || comment[2] !== current) throw new Error(`type: ${line}`);
      family.type = comment[3] ?? "";
    } else {
      const sample = parseSample(line);
      if (!family?.type || !belongs(sample.name, current, family.type)) {
        throw new Error(`stray sample: ${line}`);
      }
      const identity = line.slice(0, line.lastIndexOf(" "));
      if (seen.has(identity)) throw new Error(`series twice: ${line}`);
      seen.add(identity);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): ParsedSample {
  const { name = "", labels = "", value = "" } = LINE.exec(line)?.groups ?? {};
  const number = value === "+Inf" ? Infinity : Number(value);
  if (name === "" || value === "" || Number.isNaN(number)) throw new Error(`sample: ${line}`);
  return { name, labels: parseLabels(labels), value: number };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const match = LABEL.exec(rest);
    if (!match?.groups) throw new Error(`labels: ${text}`);
    const { name = "", value = "" } = match.groups;
    if (name in labels) throw new Error(`label twice: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) =>
      escaped === "n" ? "\n" : escaped,
    );
    rest = rest.slice(match[0].length);
  }
  return labels;
}

function belongs(sample: string, family: string, type: string): boolean {
  const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  return suffixes.some((suffix) => sample === family + suffix);
}
