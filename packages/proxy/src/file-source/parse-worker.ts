import { parentPort, workerData } from "node:worker_threads";
import { parseDocument } from "./document/parse.ts";
import type { ParseJob, ParseMessage } from "./parse-job.ts";

// Small enough that reading one does not keep the other thread from its requests.
const RECORDS_PER_MESSAGE = 500;

const { bytes, options, port }: ParseJob = workerData;

function post(message: ParseMessage): void {
  port.postMessage(message);
}

function inParts<T>(records: readonly T[], postPart: (part: readonly T[]) => void): void {
  for (let from = 0; from < records.length; from += RECORDS_PER_MESSAGE) {
    postPart(records.slice(from, from + RECORDS_PER_MESSAGE));
  }
}

const { model, mistakes } = parseDocument(bytes, options);
if (mistakes) {
  post({ mistakes });
} else {
  inParts(model.configurations, (configurations) => post({ configurations }));
  inParts(model.tenants, (tenants) => post({ tenants }));
  inParts(model.problems, (problems) => post({ problems }));
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
parentPort?.postMessage("done");
