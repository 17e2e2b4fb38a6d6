/** Values of series over time, in promtool's notation, one sample a minute from time 0 on. */
export type Series = Readonly<Record<string, string>>;

/** What makes an alert fire, and what looks alike and must not. */
export interface Scenario {
  readonly alert: string;
  readonly fires: {
    readonly when: string;
    readonly series: Series;
    readonly at: string;
    /** Those beside the severity. */
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
  };
  readonly quiet: { readonly when: string; readonly series: Series; readonly at: string };
}

/** Labels of the one proxy that most scenarios have. */
export const A = 'job="tsp", instance="a"';
export const LABELS_OF_A = { job: "tsp", instance: "a" };

/** Tells the proxy from other processes that expose the same metrics. */
export const IS_PROXY: Series = { [`tsp_build_info{${A}, version="1"}`]: "1x60" };
