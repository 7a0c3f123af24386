import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";

/** The package.json of this package, wherever the code that asks has been bundled to. */
export const PACKAGE_FILE = createRequire(import.meta.url).resolve("runlane/package.json");

const OWN_FOLDERS = ["dist", "src"].map((folder) => join(dirname(PACKAGE_FILE), folder) + sep);

/** Whether a file is Runlane's own code. */
export function isOwnCode(path: string): boolean {
  return OWN_FOLDERS.some((folder) => path.startsWith(folder));
}

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(PACKAGE_FILE, "utf8")).version;
}

/** The folder in which the command was started. A pipeline may go elsewhere. */
let startFolder = process.cwd();

/** The command starts in this folder. */
export function startIn(folder: string): void {
  startFolder = folder;
}

/** The absolute form of a path that the user has given, whatever the pipeline has made of the working folder since. */
export function absolutePath(path: string): string {
  return resolve(startFolder, path);
}

/** A file as messages call it: seen from the folder in which the command was started, unless it lies outside. */
export function displayName(file: string): string {
  const path = relative(startFolder, resolve(startFolder, file));
  return path === "" || path.startsWith("..") ? file : path;
}

/** Quotes an argument for a POSIX shell, where it needs that. */
export function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
