import { describe } from "vitest";
import { openBaoMissing, useOpenBao } from "./openbao.ts";
import { describeTransit } from "./transit-suite.ts";

const reason = openBaoMissing === undefined ? "" : ` (${openBaoMissing})`;

describe.skipIf(openBaoMissing !== undefined)(`OpenBao${reason}`, { timeout: 60_000 }, () => {
  describeTransit("OpenBao", useOpenBao());
});
