/** A value that must not be seen, and what to call it when it is. */
export interface Secret {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Output {
  readonly name: string;
  readonly text: string;
}

export const textSecret = (name: string, text: string): Secret => ({
  name,
  bytes: Buffer.from(text),
});

/** Which secrets an output shows, in whatever spelling. Names, never the values themselves. */
export function leaks(outputs: readonly Output[], secrets: readonly Secret[]): readonly string[] {
  return secrets.flatMap((secret) => {
    const spellings = spellingsOf(secret.bytes);
    return outputs.flatMap(({ name, text }) =>
      spellings
        .filter(([, needle]) => text.includes(needle))
        .map(([spelling]) => `${secret.name} as ${spelling} in ${name}`),
    );
  });
}

function spellingsOf(secret: Uint8Array): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const text = bytes.toString("utf8");
  return [
    ["text", text],
    ["text in JSON", JSON.stringify(text).slice(1, -1)],
    ["text in a URL", encodeURIComponent(bytes.toString("latin1"))],
    ["hex", hex],
    ["upper-case hex", hex.toUpperCase()],
    ["a list of bytes", bytes.join(",")],
    ...base64Spellings(bytes),
  ];
}

/** Three, because what stands in front decides how the bytes fall into groups of three. */
function base64Spellings(bytes: Buffer): readonly (readonly [string, string])[] {
  return [0, 1, 2].flatMap((shift): (readonly [string, string])[] => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The first group holds the shift and the last one what stands behind.
    const base64 = shifted.slice(shift === 0 ? 0 : 4, -4);
    const url = base64.replaceAll("+", "-").replaceAll("/", "_");
    return [
      [`base64 shifted by ${shift}`, base64],
      [`base64url shifted by ${shift}`, url],
    ];
  });
}
