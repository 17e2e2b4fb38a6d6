import { randomBytes } from "node:crypto";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { localKms } from "../../src/local/index.ts";

const driver = () => localKms({ keyName: "demo", keys: [{ version: 1, key: randomBytes(32) }] });

describeKmsDriver("local", () => ({ drivers: async () => [driver(), driver()] }));
