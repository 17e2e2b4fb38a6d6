import { readdir, readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithContainers } from "../../../kms-adapters/test/containers/engine.ts";
import { renderManifests } from "../../src/index.ts";
import { anyProps } from "../any-props.ts";
import { COMBINATIONS } from "../combinations.ts";
import { type Manifest, manifestsOf, podOf, rendered } from "../rendered.ts";
import { type Answer, ApiServer } from "./api-server.ts";
import { installDefinitions } from "./definitions.ts";
import { collectionPath, isOfOperator } from "./kinds.ts";

/** For `kubectl apply -f`. */
const FOLDER = new URL("../../../../deploy/kubernetes/", import.meta.url);
const NAMESPACE = "tenant-security";
const definitions = process.env["REAL_SERVERS_CRDS"];
const reason =
  definitions === undefined ? " (skipped: REAL_SERVERS_CRDS names no folder with them)" : "";

const CASES: readonly Case[] = [
  ...Object.entries(COMBINATIONS).map(([name, props]) => caseOf(name, renderManifests(props))),
  ...(await committedFiles()),
];

describeWithContainers("The API server of Kubernetes 1.36", () => {
  let server: ApiServer;

  beforeAll(async () => {
    server = await ApiServer.start();
    await prepare(server);
  }, 300_000);

  afterAll(() => server.stop());

  it.for(CASES)("accepts the objects of Kubernetes itself: $name", async ({ objects }) => {
    expect(await refusals(objects.filter((object) => !isOfOperator(object)))).toEqual([]);
  });

  it.for(CASES)("admits the pods under the restricted standard: $name", async ({ objects }) => {
    expect(await refusals([podOf(objects)])).toEqual([]);
  });

  describe.skipIf(definitions === undefined)(`with the Prometheus operator${reason}`, () => {
    const cases = CASES.filter(({ objects }) => objects.some(isOfOperator));

    it.for(cases)("accepts the operator's objects: $name", async ({ objects }) => {
      expect(await refusals(objects.filter(isOfOperator))).toEqual([]);
    });
  });

  it(
    "accepts whatever else the checks of this package let through",
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(anyProps, async (props) => {
          const objects = rendered(props).filter(
            (object) => definitions !== undefined || !isOfOperator(object),
          );
          expect(await refusals([...objects, podOf(objects)])).toEqual([]);
        }),
        { numRuns: 30 },
      );
    },
  );

  it("would refuse a member that it does not know", async () => {
    const [account] = rendered({ image: "proxy:1" });

    const answer = await create({ ...account, automountToken: false } as unknown as Manifest);

    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body.message).toContain('unknown field "automountToken"');
  });

  it("would refuse a pod that breaks the standard", async () => {
    const pod = podOf(rendered({ image: "proxy:1" }));

    const answer = await create({ ...pod, spec: { ...pod.spec, hostNetwork: true } });

    expect(answer).toMatchObject({ status: 403 });
    expect(answer.body.message).toContain('violates PodSecurity "restricted');
  });

  /** What the server has to say about objects; nothing when it takes them without a word. */
  async function refusals(objects: readonly Manifest[]): Promise<string[]> {
    const answers = await Promise.all(objects.map(create));
    return answers.flatMap(({ status, body, warnings }) => [
      ...(status === 201 ? [] : [`${status}: ${body.message}`]),
      ...warnings,
    ]);
  }

  function create(object: Manifest): Promise<Answer> {
    const { namespace = NAMESPACE } = object.metadata;
    const path = `${collectionPath(object, namespace)}?dryRun=All&fieldValidation=Strict`;
    return server.call("POST", path, object);
  }
});

interface Case {
  readonly name: string;
  readonly objects: readonly Manifest[];
}

function caseOf(name: string, yaml: string): Case {
  return { name, objects: manifestsOf(yaml) };
}

async function committedFiles(): Promise<Case[]> {
  const entries = await readdir(FOLDER, { recursive: true });
  const names = entries.filter((name) => name.endsWith(".yaml"));
  return Promise.all(
    names.map(async (name) => {
      const yaml = await readFile(new URL(name, FOLDER), "utf8");
      return caseOf(`deploy/kubernetes/${name}`, yaml);
    }),
  );
}

/** What objects refer to and a server looks up: the namespace, a priority, the operator's kinds. */
async function prepare(server: ApiServer): Promise<void> {
  const enforce = { "pod-security.kubernetes.io/enforce": "restricted" };
  await Promise.all([
    server.create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: NAMESPACE, labels: enforce },
    }),
    server.create("/apis/scheduling.k8s.io/v1/priorityclasses", {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "business-critical" },
      value: 1_000,
    }),
    definitions === undefined ? undefined : installDefinitions(server, definitions),
  ]);
}
