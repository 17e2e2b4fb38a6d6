import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The reference: a `node:http` server that reads the whole request body, does not parse it, and
 * answers fixed bytes with a content type and a length. `/0` answers the first of the texts in the
 * JSON file it is started with, `/1` the second. Prints its port.
 */
const texts = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as readonly string[];
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
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
