import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { type Handlers, Link, LinkError } from "../../src/workers/link.ts";
import { linkedPorts } from "./helpers/linked-ports.ts";

interface Calls {
  readonly double: readonly [number, number];
  readonly note: readonly [string, null];
}

const TIMEOUT_MS = 5_000;

describe("a link between two processes", () => {
  it("answers with what the other side makes of an argument", async () => {
    const { asking } = linked({ double: async (value) => value * 2 });

    expect(await asking.ask("double", 21, TIMEOUT_MS)).toBe(42);
  });

  it("keeps answers and questions together, in whatever order they come", async () => {
    const waiting: (() => void)[] = [];
    const { asking } = linked({
      double: async (value) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return value * 2;
      },
    });
    const answers = Promise.all([1, 2, 3].map((value) => asking.ask("double", value, TIMEOUT_MS)));

    await expect.poll(() => waiting.length).toBe(3);
    for (const release of waiting.toReversed()) release();

    expect(await answers).toEqual([2, 4, 6]);
  });

  it("hands on what is told in order", async () => {
    const notes: string[] = [];
    const { asking } = linked({ note: (text) => (notes.push(text), null) });

    for (const text of ["a", "b", "c"]) asking.tell("note", text);

    await expect.poll(() => notes).toEqual(["a", "b", "c"]);
  });

  it("gives a ProxyError back as one", async () => {
    const refusal = new ProxyError("KMS_THROTTLED", "slow down");
    const { asking } = linked({
      double: () => {
        throw refusal;
      },
    });

    const error = await asking.ask("double", 1, TIMEOUT_MS).catch((cause: unknown) => cause);

    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ status: "KMS_THROTTLED", message: "slow down", http: 429 });
  });

  it("keeps what tells the cause of a system's error", async () => {
    const { asking } = linked({
      double: () => {
        throw Object.assign(new Error("in use"), { code: "EADDRINUSE", port: 7777 });
      },
    });

    await expect(asking.ask("double", 1, TIMEOUT_MS)).rejects.toMatchObject({
      message: "in use",
      code: "EADDRINUSE",
      port: 7777,
    });
  });

  it("gives up on an answer that does not come", async () => {
    const { asking } = linked({ double: () => new Promise<number>(() => {}) });

    await expect(asking.ask("double", 1, 20)).rejects.toThrow(LinkError);
  });

  it("rejects everything that is open when the other side goes", async () => {
    const { asking, disconnect } = linked({ double: () => new Promise<number>(() => {}) });
    const open = asking.ask("double", 1, TIMEOUT_MS);

    disconnect();

    await expect(open).rejects.toThrow(LinkError);
    await expect(asking.ask("double", 1, TIMEOUT_MS)).rejects.toThrow(LinkError);
    expect(() => asking.tell("note", "to nobody")).not.toThrow();
  });

  it("takes no notice of messages that are no calls of its own", () => {
    const port = new EventEmitter();
    new Link<Calls, Calls>(port, {}, unexpected);

    for (const message of [{ call: "constructor" }, { answers: 7 }, { cmd: "NODE_HANDLE" }]) {
      expect(() => port.emit("message", message)).not.toThrow();
    }
  });
});

describe("calls that come before somebody handles them", () => {
  it("wait, and are answered in order", async () => {
    const notes: string[] = [];
    const { answering, asking } = linked({});
    const answer = asking.ask("double", 2, TIMEOUT_MS);
    asking.tell("note", "a");
    asking.tell("note", "b");
    await new Promise((resolve) => setImmediate(resolve));

    answering.handle({ double: (value) => value * 2, note: (text) => (notes.push(text), null) });

    expect(await answer).toBe(4);
    expect(notes).toEqual(["a", "b"]);
  });
});

describe("a handler that throws", () => {
  it("is told to its own side when nobody waits for an answer", async () => {
    const told: unknown[] = [];
    const broken = new Error("a bug");
    const note = (): null => {
      throw broken;
    };
    const { asking } = linked({ note, double: (value) => value }, (error) => told.push(error));

    asking.tell("note", "anything");

    await expect.poll(() => told).toEqual([broken]);
    expect(await asking.ask("double", 3, TIMEOUT_MS)).toBe(3);
  });
});

function unexpected(error: unknown): void {
  throw error;
}

function linked(handlers: Partial<Handlers<Calls>>, onError = unexpected) {
  const [near, far] = linkedPorts();
  const asking = new Link<Calls, Calls>(near, {}, unexpected);
  const answering = new Link<Calls, Calls>(far, handlers, onError);
  return { asking, answering, disconnect: () => near.emit("disconnect") };
}
