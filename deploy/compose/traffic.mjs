// Applications that use the proxy all day, in small: reads and writes of documents, a batch now and
// then, and the mistakes that real ones make. Speaks plain HTTP; real applications use a client library.
import { setTimeout as sleep } from "node:timers/promises";

const { API_KEY = "", PROXY_URL = "http://127.0.0.1:7777" } = process.env;
const WORKERS = 4;
const PAUSE_MS = 50;
const DEADLINE_MS = 10_000;
const REPORT_MS = 10_000;

const counts = { answered: 0, refused: 0, unanswered: 0 };

/** Each with how often it happens, compared with the others. */
const ACTIONS = [
  [40, () => readAndWrite("acme")],
  [10, () => readAndWrite("globex")],
  [3, () => writeBatch("acme", 20)],
  [3, () => call("event/security-event", { ...from("acme"), ...login() })],
  [1, () => call("document/wrap", from("initech"))],
  [1, () => call("document/wrap", from("nobody"))],
  [1, () => call("document/wrap", from("acme"), "bm90LXRoZS1rZXk=")],
];
const TOTAL = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

async function readAndWrite(tenantId) {
  const wrapped = await call("document/wrap", from(tenantId));
  if (wrapped === undefined) return;
  const { edek } = wrapped;
  await call("document/unwrap", { ...from(tenantId), encryptedDocumentKey: edek });
}

async function writeBatch(tenantId, size) {
  const documentIds = Array.from({ length: size }, (_, index) => `document-${index}`);
  await call("document/batch-wrap", { ...from(tenantId), documentIds });
}

function from(tenantId) {
  return { tenantId, iclFields: { requestingId: "traffic", dataLabel: "demo" }, customFields: {} };
}

function login() {
  return { iclFields: { requestingId: "user-17", event: "USER_LOGIN" } };
}

/** The body of an answer with status 200; undefined for everything else, which is counted. */
async function call(path, body, key = API_KEY) {
  try {
    const response = await fetch(`${PROXY_URL}/api/1/${path}`, {
      method: "POST",
      headers: { authorization: `cmk ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const answer = await response.json();
    counts[response.ok ? "answered" : "refused"] += 1;
    return response.ok ? answer : undefined;
  } catch {
    // The proxy is not there, or stops: it is asked again after the pause.
    counts.unanswered += 1;
    return undefined;
  }
}

function anAction() {
  let left = Math.random() * TOTAL;
  return ACTIONS.find(([weight]) => (left -= weight) < 0)?.[1] ?? ACTIONS[0][1];
}

async function work() {
  for (;;) {
    await anAction()();
    await sleep(PAUSE_MS * (0.5 + Math.random()));
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), REPORT_MS);
await Promise.all(Array.from({ length: WORKERS }, work));
