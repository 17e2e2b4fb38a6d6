import { randomBytes } from "node:crypto";
import { PassThrough, Transform } from "node:stream";
import { describe, expect, it } from "vitest";
import type { ExchangedKey } from "../../src/keys/key-exchange.ts";
import { TransportKey } from "../../src/workers/transport-key.ts";

const NAME = "1/print/acme";

function lease(bytes: Buffer): ExchangedKey {
  return {
    key: Buffer.from(bytes),
    leaseId: 7,
    wrapped: Buffer.of(1, 2),
    bound: true,
    verified: true,
    ageMs: 5,
  };
}

describe("a key between two workers", () => {
  it("comes out as it went in, at whoever has the transport key", async () => {
    const bytes = randomBytes(32);
    const sender = TransportKey.random();
    const pipe = copying();
    sender.send(pipe);
    const receiver = await TransportKey.receive(pipe);

    expect(receiver.open(NAME, sender.seal(NAME, lease(bytes)))).toEqual(lease(bytes));
  });

  it("is wiped once it is sealed, and not to be seen in what is sent", () => {
    const bytes = randomBytes(32);
    const sent = lease(bytes);

    const { sealed } = TransportKey.random().seal(NAME, sent);

    expect(sent.key).toEqual(Buffer.alloc(32));
    expect(Buffer.from(sealed).includes(bytes)).toBe(false);
  });

  it.for([
    ["another name", "1/print/other", {}],
    ["another lease", NAME, { leaseId: 8 }],
  ] as const)("cannot be taken for that of %s", ([, name, change]) => {
    const transport = TransportKey.random();
    const sealed = transport.seal(NAME, lease(randomBytes(32)));

    expect(() => transport.open(name, { ...sealed, ...change })).toThrow("could not verify");
  });

  it("cannot be opened with another transport key", () => {
    const sealed = TransportKey.random().seal(NAME, lease(randomBytes(32)));

    expect(() => TransportKey.random().open(NAME, sealed)).toThrow("could not verify");
  });

  it("needs a transport key that arrives whole", async () => {
    const pipe = new PassThrough();
    pipe.end(randomBytes(31));

    await expect(TransportKey.receive(pipe)).rejects.toThrow("gone");
  });
});

/** As a pipe between processes: what comes out is not the memory that went in. */
function copying(): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(chunk)),
  });
}
