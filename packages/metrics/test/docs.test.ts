import { describe, expect, it } from "vitest";
import { LABEL_VALUES, METRICS, renderMetricsDoc } from "../src/index.ts";

describe("the generated page", () => {
  it("describes every metric of a scrape, once", () => {
    const headings = renderMetricsDoc().match(/^### `.+`$/gm);

    expect(headings?.toSorted()).toEqual(METRICS.map(({ name }) => `### \`${name}\``).toSorted());
  });

  it("names the values of closed labels and explains open ones", () => {
    const page = renderMetricsDoc();

    for (const value of LABEL_VALUES.endpoint) expect(page).toContain(`\`${value}\``);
    expect(page).toContain("- `http_code`: the three digits of the HTTP status");
    expect(page).not.toContain("undefined");
  });

  it("is the same every time", () => {
    expect(renderMetricsDoc()).toBe(renderMetricsDoc());
  });
});
