import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";

/** The package.json of this package, wherever the code that asks has been bundled to. */
export const PACKAGE_FILE = createRequire(import.meta.url).resolve("runlane/package.json");

const OWN_FOLDERS = ["dist", "src"].map((folder) => join(dirname(PACKAGE_FILE), folder) + sep);

/** Whether a file is Runlane's own code. */
export function isOwnCode(path: string): boolean {
  return OWN_FOLDERS.some((folder) => path.startsWith(folder));
}
