import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { runlaneError } from "../core/errors/errors.ts";

/** The file of the watching thread, in the installed package. */
const WATCHER = join("dist", "diagnose", "watcher", "thread.js");

/** The file that the watching thread starts with. @throws RUNLANE_BUNDLED */
export function watcherFile(): string {
  const folder = packageFolder();
  if (folder === undefined) throw runlaneError("RUNLANE_BUNDLED", { where: "the watchdog", file: WATCHER });
  return join(folder, WATCHER);
}

/** The folder of the package, wherever the code that asks has been bundled to; undefined where it is not beside the bundle. */
function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve("runlane/package.json"));
  } catch {
    return undefined;
  }
}

/** The folders of Runlane's own code, as stacks name them: as paths and as URLs. */
export const ownFolders: readonly string[] = foldersIn(packageFolder());

function foldersIn(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  return ["dist", "src"].map((name) => join(folder, name) + sep).flatMap((path) => [path, pathToFileURL(path).href]);
}
