import {
  AdminEvent,
  CustomSecurityEvent,
  DataEvent,
  DocumentMetadata,
  EventMetadata,
  PeriodicEvent,
  SecurityEventException,
  UserEvent,
} from "@ironcorelabs/tenant-security-nodejs";
import { EventReader } from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  failure,
  metadata,
  startWorld,
  TENANTS,
  TRANSPORTS,
  type World,
} from "../support/world.ts";

const EVENTS_ON = { TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" };

describe.for(TRANSPORTS)("security events over %s", (transport) => {
  let world: World;
  let reader: EventReader;

  beforeAll(async () => {
    world = await startWorld(transport, EVENTS_ON);
    reader = new EventReader(world.proxy.eventsUrl);
  });
  afterAll(async () => {
    reader?.close();
    await world?.stop();
  });

  it.for([
    ["an administrator's", AdminEvent.ADD, "ADMIN_ADD"],
    ["a data", DataEvent.IMPORT, "DATA_IMPORT"],
    ["a periodic", PeriodicEvent.CREATE_BACKUP, "PERIODIC_CREATE_BACKUP"],
    ["a user's", UserEvent.LOGIN, "USER_LOGIN"],
    ["a custom", new CustomSecurityEvent("SOLD_HOUSE"), "CUSTOM_SOLD_HOUSE"],
  ] as const)("carry %s event with every field", async ([kind, event, name]) => {
    const requestId = `${kind}-${transport}`;
    const details = new EventMetadata(
      "leased",
      "user-1",
      "PII",
      1_700_000_000_123,
      "10.0.0.1",
      "object-1",
      requestId,
      { field: "value" },
    );

    const answer = await world.client.logSecurityEvent(event, details);

    expect(answer).toBeNull();
    expect(await reader.next((each) => each.iclFields.requestId === requestId)).toEqual({
      v: 1,
      tenantId: "leased",
      timestamp: "2023-11-14T22:13:20.123Z",
      iclFields: {
        requestingId: "user-1",
        dataLabel: "PII",
        sourceIp: "10.0.0.1",
        objectId: "object-1",
        requestId,
        event: name,
        tspRayId: expect.stringMatching(/^[\w-]{16}$/),
      },
      customFields: { field: "value" },
    });
  });

  it("are accepted for an unknown tenant", async () => {
    const details = new EventMetadata("unheard-of", "user-1");

    await world.client.logSecurityEvent(UserEvent.ADD, details);

    const event = await reader.next((each) => each.tenantId === "unheard-of");
    expect(event.iclFields.event).toBe("USER_ADD");
  });

  it.for(TENANTS)("tell each use of a key of the tenant %s", async (tenant) => {
    const details = (requestId: string) =>
      new DocumentMetadata(tenant, "user-1", undefined, undefined, undefined, requestId);
    const document = { f: Buffer.from("x") };
    const id = `${tenant}-${transport}`;

    const encrypted = await world.client.encryptDocument(document, details(`${id}-wrap`));
    await world.client.decryptDocument(encrypted, details(`${id}-unwrap`));
    await world.client.rekeyEdek(encrypted.edek, "third", details(`${id}-rekey`));
    await world.client.encryptDocumentBatch({ a: document, b: document }, details(`${id}-batch`));

    expect((await seen(reader, `${id}-wrap`, "DATA_ENCRYPT")).tenantId).toBe(tenant);
    expect((await seen(reader, `${id}-unwrap`, "DATA_DECRYPT")).tenantId).toBe(tenant);
    expect((await seen(reader, `${id}-rekey`, "DATA_DECRYPT")).tenantId).toBe(tenant);
    expect((await seen(reader, `${id}-rekey`, "DATA_ENCRYPT")).tenantId).toBe("third");
    await seen(reader, `${id}-batch`, "DATA_ENCRYPT");
    await seen(reader, `${id}-batch`, "DATA_ENCRYPT");
  });
});

describe("security events that must not be lost", () => {
  it("fail the operation as soon as they cannot be queued", async () => {
    const world = await startWorld("http", {
      ...EVENTS_ON,
      TSP_EVENT_MODE: "require",
      TSP_EVENT_LOG_CHANNEL_SIZE: "4",
    });
    try {
      const attempts = Array.from({ length: 40 }, () =>
        world.client.encryptDocument({ f: Buffer.from("x") }, metadata("leased")),
      );
      const refused = (await Promise.allSettled(attempts)).flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );

      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) {
        expect(error).toBeInstanceOf(SecurityEventException);
        expect(error).toMatchObject({ errorCode: 301, httpResponseCode: 422 });
      }
      const details = new EventMetadata("leased", "user-1");
      const error = await failure(world.client.logSecurityEvent(UserEvent.ADD, details));
      expect(error).toMatchObject({ errorCode: 301 });
    } finally {
      await world.stop();
    }
  });
});

function seen(reader: EventReader, requestId: string, event: string) {
  return reader.next(
    ({ iclFields }) => iclFields.requestId === requestId && iclFields.event === event,
  );
}
