/**
 * Gives the present as ISO-8601 with milliseconds. The text is made once a millisecond, because
 * under load dozens of events share it.
 */
export function createTimestamp(now: () => number = Date.now): () => string {
  let madeAt = Number.NaN;
  let text = "";
  return () => {
    const at = now();
    if (at !== madeAt) {
      text = new Date(at).toISOString();
      madeAt = at;
    }
    return text;
  };
}
