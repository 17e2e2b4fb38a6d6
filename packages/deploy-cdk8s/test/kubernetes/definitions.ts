import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "js-yaml";
import type { ApiServer } from "./api-server.ts";

const PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Teaches a server the kinds whose definitions are in a folder, and waits until it serves them. */
export async function installDefinitions(server: ApiServer, folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
  await Promise.all(
    files.map(async (file) => {
      const definition = load(await readFile(join(folder, file), "utf8")) as Definition;
      await server.create(PATH, definition);
      while (!(await isServed(server, definition))) await sleep(20);
    }),
  );
}

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly names: { readonly plural: string } };
}

async function isServed(server: ApiServer, { spec }: Definition): Promise<boolean> {
  const { status } = await server.call("GET", `/apis/${spec.group}/v1/${spec.names.plural}`);
  return status === 200;
}
