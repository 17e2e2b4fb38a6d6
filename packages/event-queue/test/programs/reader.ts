import { closeSync, openSync, writeSync } from "node:fs";
import { Pull } from "zeromq";
import { Progress } from "./progress.ts";

/**
 * Pulls numbered events from an endpoint and keeps in a file what it has received, so that the file
 * tells the truth even when this process is killed. Pauses for a while after each event if told to.
 *
 *   reader.ts <endpoint> <progress file> [pause in ms]
 */
const [endpoint = "", file = "", pauseMs = "0"] = process.argv.slice(2);
const socket = new Pull({ receiveHighWaterMark: 100, linger: 0 });
socket.connect(endpoint);
process.once("disconnect", () => process.exit());

const progress = new Progress();
const descriptor = openSync(file, "w");
writeSync(descriptor, progress.bytes, 0, progress.bytes.length, 0);
process.send?.("ready");

for await (const frames of socket) {
  progress.add(Number.parseInt(String(frames[0]), 10), frames.length);
  writeSync(descriptor, progress.bytes, 0, progress.bytes.length, 0);
  if (pauseMs !== "0") await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
}
closeSync(descriptor);
