import { get, type WireOptions } from "@tenant-security/testkit";

/** The value of one series, `0` when it has not appeared yet. `series` is written as in the text. */
export async function metric(
  origin: string,
  series: string,
  options: WireOptions = {},
): Promise<number> {
  const { text } = await get(`${origin}/metrics`, options);
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
