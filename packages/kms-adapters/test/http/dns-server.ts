import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { onTestFinished } from "vitest";

/** Addresses, an error code of RFC 1035 4.1.1, or nothing at all: the server keeps silent. */
export type DnsAnswer = readonly string[] | number | undefined;

export const SERVER_FAILURE = 2;
export const NO_SUCH_NAME = 3;

const HEADER_BYTES = 12;
const A = 1;
const AAAA = 28;

/** A name server on loopback; gives its `address:port`. */
export async function startDns(
  answer: (name: string, family: 4 | 6) => DnsAnswer,
): Promise<{ readonly address: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.on("message", (query, { port, address }) => {
    const { name, type, end } = questionOf(query);
    asked.push(`${name} ${type === A ? 4 : 6}`);
    const found = answer(name, type === A ? 4 : 6);
    if (found === undefined) return;
    const question = query.subarray(HEADER_BYTES, end);
    const records = typeof found === "number" ? [] : found.map(recordOf);
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (typeof found === "number" ? found : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, question, ...records]), port, address);
  });
  await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function recordOf(address: string): Buffer {
  const type = isIPv6(address) ? AAAA : A;
  const data = type === A ? Buffer.from(address.split(".").map(Number)) : groupsOf(address);
  const head = Buffer.alloc(12);
  // A pointer to the name in the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(5, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Without any shortcut: eight groups. */
function groupsOf(address: string): Buffer {
  const groups = address.split(":").map((group) => Number.parseInt(group, 16));
  return Buffer.concat(groups.map((group) => Buffer.from([group >> 8, group & 0xff])));
}
