import {
  type TBoolean,
  type TEnum,
  type TInteger,
  type TObject,
  type TProperties,
  type TRecord,
  type TString,
  Type,
} from "typebox";

/** The forms that texts and numbers have; `description` completes the sentence "must be …". */

function text(description: string, pattern: string, maxLength = 253): TString {
  return Type.String({ description, pattern, maxLength });
}

export function whole(minimum: number, maximum: number): TInteger {
  const range = [minimum, maximum].map((bound) => bound.toLocaleString("en"));
  return Type.Integer({ description: `a whole number, ${range.join(" – ")}`, minimum, maximum });
}

export function choice<Words extends string[]>(...words: readonly [...Words]): TEnum<Words> {
  return Type.Enum(words, { description: words.join(" or ") });
}

/** An object without members beyond the listed ones. */
export function closed<Members extends TProperties>(members: Members): TObject<Members> {
  return Type.Object(members, { additionalProperties: false });
}

const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";

/** What a Secret, a claim or a priority class may be called. */
export const objectName: TString = text(
  "the name of a Kubernetes object",
  `^${LABEL}(?:\\.${LABEL})*$`,
);

export const namespaceName: TString = text("the name of a namespace", `^${LABEL}$`, 63);

/** Services have the strictest names, and the longest suffix is `-events`. */
export const deploymentName: TString = text(
  "lower-case letters, digits and hyphens, at most 56, a letter first",
  "^[a-z](?:[-a-z0-9]*[a-z0-9])?$",
  56,
);

const PATH_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";

export const imageReference: TString = text(
  "an image with a tag or a digest",
  `^(?:[A-Za-z0-9.-]+(?::\\d+)?/)?${PATH_PART}(?:/${PATH_PART})*` +
    "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$",
  512,
);

export const secretKey: TString = text("an entry of a Secret", "^[-._A-Za-z0-9]+$");

export const cpuQuantity: TString = text(
  'processors, such as "2" or "1500m", in quotes',
  "^(?:[1-9]\\d*(?:\\.\\d{1,3})?|0\\.\\d{1,3}|[1-9]\\d*m)$",
);

export const memoryQuantity: TString = text(
  'memory with its unit, such as "1256Mi"',
  "^[1-9]\\d*(?:Ki|Mi|Gi|Ti|k|M|G|T)$",
);

export const duration: TString = text(
  'a time of Prometheus, such as "30s" or "1h30m"',
  "^(?=.)(?:\\d+y)?(?:\\d+w)?(?:\\d+d)?(?:\\d+h)?(?:\\d+m)?(?:\\d+s)?(?:\\d+ms)?$",
);

/** Whether it names real addresses is a rule, as no pattern can say it. */
export const cidr: TString = text(
  "a range of addresses, such as 10.1.0.0/16",
  "^[0-9a-fA-F:.]+/\\d+$",
);

export const flag: TBoolean = Type.Boolean({ description: "true or false" });

export const anyText: TString = Type.String({ description: "text, in quotes if need be" });

export const filledText: TString = Type.String({ description: "text", minLength: 1 });

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?";

/** A name, after a domain where somebody outside of this deployment reads it. */
const objectKey = text(
  'called like "team" or "example.com/team"',
  `^(?:${LABEL}(?:\\.${LABEL})*/)?(?=.{1,63}$)${NAME}$`,
  317,
);

const labelValue = text(
  "a label of Kubernetes: at most 63 letters, digits and -_. inside",
  `^(?:${NAME})?$`,
  63,
);

const seriesLabel = text("called as Prometheus calls labels", "^[a-zA-Z_][a-zA-Z0-9_]*$");

function table(key: TString, value: TString): TRecord<string, TString> {
  return Type.Record(Type.String(), value, { propertyNames: key });
}

export const labels: TRecord<string, TString> = table(objectKey, labelValue);

export const annotations: TRecord<string, TString> = table(objectKey, anyText);

/** Labels and annotations of a rule. */
export const seriesLabels: TRecord<string, TString> = table(seriesLabel, anyText);
