import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { runlaneError } from "../core/errors/errors.ts";

/** The file that the watching thread starts with. @throws RUNLANE_BUNDLED */
export function watcherFile(): string {
  return installedFile("the watchdog", join("dist", "diagnose", "watcher", "thread.js"));
}

/**
 * The path of a file of the installed package.
 *
 * @param where What needs it.
 * @throws RUNLANE_BUNDLED where the package is not beside the bundle.
 */
export function installedFile(where: string, file: string): string {
  const folder = packageFolder();
  if (folder === undefined) throw runlaneError("RUNLANE_BUNDLED", { where, file });
  return join(folder, file);
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
