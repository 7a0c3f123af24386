import { runlaneError } from "../core/errors/errors.ts";
import { ask } from "../core/platform.ts";
import { builtin } from "./platform.ts";

/**
 * The file that workers of one kind start with.
 *
 * In the installed package it shares the package's code, which modules of the user's may import too. In a bundle it has all of it in
 * itself: bundlers know the pattern by which it is named here, and take it along.
 *
 * @throws RUNLANE_BUNDLED
 */
export function workerFile(lane: string, kind: "thread" | "process"): string {
  const { fileURLToPath } = builtin(lane, "node:url");
  const places = [
    () => fileURLToPath(from(import.meta.url, `../lanes/worker/${kind}.js`)),
    () => fileURLToPath(new URL("../worker.mjs", import.meta.url)),
    () => inPackage(lane, kind),
  ];
  const files = places.map((place) => ask(place, ""));
  const found = files.find((file) => isThere(lane, file));
  if (found === undefined)
    throw runlaneError("RUNLANE_BUNDLED", { where: `the ${lane} lane`, file: files[1] || "worker.mjs" });
  return found;
}

/** An address that bundlers are not to follow: the file would lack what it imports. They know variables, but not parameters. */
function from(base: string, path: string): URL {
  return new URL(path, base);
}

/**
 * Whether a file exists. Node looks itself: a test that forbids steps to block would take a look of ours for the step's own. Where a
 * loader of TypeScript is registered, the source that stands in for a file is not the file.
 */
function isThere(lane: string, file: string): boolean {
  try {
    const found = builtin(lane, "node:module").createRequire(file).resolve(file);
    return found.slice(found.lastIndexOf(".")) === file.slice(file.lastIndexOf("."));
  } catch {
    return false;
  }
}

/** Where a package is installed beside a bundle, and for tests of the sources. */
function inPackage(lane: string, kind: string): string {
  const { dirname, join } = builtin(lane, "node:path");
  const packageFile = builtin(lane, "node:module")
    .createRequire(import.meta.url)
    .resolve("runlane/package.json");
  return join(dirname(packageFile), "dist", "lanes", "worker", `${kind}.js`);
}
