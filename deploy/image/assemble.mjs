#!/usr/bin/env node
// Turns what `pnpm deploy` leaves behind into what the image ships. Runs inside the image's build,
// on the platform that the image is for.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const OWN_SCOPE = `${join("node_modules", "@tenant-security")}/`;

/** What is only read by those who write programs, build them, or install packages. */
const NOT_FOR_RUNNING = [
  /\.[cm]?ts$/,
  /\.map$/,
  /\.(?:cc|cpp|h|hpp|gyp|tsbuildinfo)$/,
  /\/node_modules\/\.(?:modules\.yaml|pnpm-workspace-state.*)$/,
];

const app = resolve(process.argv[2] ?? ".");
rmSync(join(app, "src"), { recursive: true });
for (const name of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) rmSync(join(app, name));
const files = filesIn(app);

for (const file of files) {
  if (file.endsWith("/package.json") && isOwn(file)) publish(file);
}
chmodSync(join(app, "dist", "main.js"), 0o755);

const loaded = nativeLibraries();
const unused = files.filter(
  (file) =>
    (/\.(?:node|bare)$/.test(file) && !loaded.has(file)) ||
    NOT_FOR_RUNNING.some((pattern) => pattern.test(file)),
);
for (const file of unused) rmSync(file);
process.stdout.write(`kept ${[...loaded].join(", ")}; removed ${unused.length} files\n`);

/** Every file once: by its package's own path, not by those of the links to it. */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

function isOwn(file) {
  return file === join(app, "package.json") || file.includes(OWN_SCOPE);
}

/** Does to a manifest what publishing does: `pnpm deploy` leaves it as it is in the workspace. */
function publish(file) {
  const { publishConfig = {}, devDependencies: _, scripts: __, ...manifest } = read(file);
  const { access: ___, ...published } = publishConfig;
  writeFileSync(file, `${JSON.stringify({ ...manifest, ...published }, undefined, 2)}\n`);
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The native libraries that this platform's Node loads, of all those that the packages bring. */
function nativeLibraries() {
  const require = createRequire(join(app, "package.json"));
  for (const name of ["zeromq", "sodium-native"]) require(name);
  const { sharedObjects } = process.report.getReport();
  return new Set(sharedObjects.filter((file) => file.startsWith(`${app}/`)));
}
