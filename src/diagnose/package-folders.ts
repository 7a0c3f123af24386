import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** The folder of the package, wherever the code that asks has been bundled to. */
export const packageFolder = dirname(createRequire(import.meta.url).resolve("runlane/package.json"));

/** The folders of Runlane's own code, as stacks name them: as paths and as URLs. */
export const ownFolders: readonly string[] = ["dist", "src"]
  .map((name) => join(packageFolder, name) + sep)
  .flatMap((folder) => [folder, pathToFileURL(folder).href]);
