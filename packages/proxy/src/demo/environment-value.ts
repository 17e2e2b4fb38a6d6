/** What no reader of environment files takes for anything else than itself. */
const PLAIN = /^[\w%+,./:=@-]+$/;

/**
 * Writes a value as shells and Node's own reader of environment files both understand it. Plain
 * ones stay unquoted, because `docker run --env-file` takes quotes for a part of the value.
 * @throws RangeError when quotes of both kinds leave no way to write it
 */
export function environmentValue(value: string): string {
  if (PLAIN.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  // Inside double quotes a shell would also look at these.
  if (!/["$`\\]/.test(value)) return `"${value}"`;
  throw new RangeError(`${JSON.stringify(value)} cannot be written into an environment file`);
}
