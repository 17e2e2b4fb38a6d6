import { Pull } from "zeromq";

/** Pulls events from the endpoint in the first argument and forgets them. */
const socket = new Pull();
socket.connect(process.argv[2] ?? "");
process.stdout.write("ready\n");
while (!socket.closed) await socket.receive();
