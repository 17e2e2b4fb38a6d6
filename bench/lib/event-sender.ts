import { EventQueue } from "@tenant-security/event-queue";
import { Push } from "zeromq";
import { eventText } from "./event-text.ts";

/**
 * Sends events of a usual size for some seconds, by the queue or by a bare socket. Prints the
 * endpoint, waits for a reader, and prints how many events a second left this process.
 *
 *   event-sender.ts queue|bare <seconds>
 */
const [subject = "", seconds = "1"] = process.argv.slice(2);
const EVENT = eventText(1);
/** Offers between two turns of the event loop, about what a batch of requests makes. */
const BURST = 500;

process.stdout.write(`${subject === "queue" ? await byQueue() : await byBareSocket()}\n`);

async function byQueue(): Promise<number> {
  const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0" });
  process.stdout.write(`${queue.endpoint}\n`);
  queue.offer(EVENT);
  await queue.flush(30_000);
  const started = performance.now();
  const before = queue.stats().sent;
  const end = started + Number(seconds) * 1_000;
  while (performance.now() < end) {
    for (let count = 0; count < BURST && !queue.full; count += 1) queue.offer(EVENT);
    // A full queue means that the reader is behind; asking again and again would slow it further.
    await new Promise((resolve) => {
      if (queue.full) setTimeout(resolve, 5);
      else setImmediate(resolve);
    });
  }
  await queue.flush(30_000);
  const { sent, dropped } = queue.stats();
  if (dropped > 0) throw new Error(`${dropped} events were dropped`);
  const rate = ((sent - before) * 1_000) / (performance.now() - started);
  await queue.close();
  return rate;
}

async function byBareSocket(): Promise<number> {
  const socket = new Push();
  await socket.bind("tcp://127.0.0.1:*");
  process.stdout.write(`${socket.lastEndpoint}\n`);
  await socket.send(EVENT);
  const started = performance.now();
  const end = started + Number(seconds) * 1_000;
  let sent = 0;
  while (performance.now() < end) {
    for (let count = 0; count < BURST; count += 1) await socket.send(EVENT);
    sent += BURST;
  }
  const rate = (sent * 1_000) / (performance.now() - started);
  socket.close();
  return rate;
}
