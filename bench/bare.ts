import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The reference: a `node:http` server that reads the whole request body, does not parse it, and
 * answers fixed bytes with a content type and a length. `/0` answers the first of the texts in the
 * JSON file it is started with, `/1` the second. A second argument above 1 is a number of processes,
 * which share the port as `node:cluster` does it. Prints its port.
 */
const [, , file = "", processes = "1"] = process.argv;

if (cluster.isPrimary && Number(processes) > 1) share(Number(processes));
else serve();

function share(count: number): void {
  let listening = 0;
  cluster.on("listening", (_worker, { port }) => {
    listening += 1;
    if (listening === count) process.stdout.write(`${port}\n`);
  });
  for (let index = 0; index < count; index += 1) cluster.fork();
}

function serve(): void {
  const texts = JSON.parse(readFileSync(file, "utf8")) as readonly string[];
  const answers = texts.map((text) => Buffer.from(text));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      Buffer.concat(chunks);
      const answer = answers[Number(request.url?.slice(1))] ?? Buffer.alloc(0);
      response.writeHead(200, {
        "content-type": "application/json; charset=utf-8",
        "content-length": answer.length,
      });
      response.end(answer);
    });
  });
  server.keepAliveTimeout = 90_000;
  server.listen(0, "127.0.0.1", () => {
    if (cluster.isPrimary) process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}
