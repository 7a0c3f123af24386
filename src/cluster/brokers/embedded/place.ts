import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The id of the user who owns nothing. PostgreSQL, which refuses to run as root, runs as that one there. */
export const NOBODY = 65_534;

/** Whether the server has to run as somebody else than this process. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The folders of an embedded server. */
export interface ServerPlace {
  /** The folder of the user who starts the server. */
  readonly home: string;
  /** The folder with the data, of the user whom the server runs as. */
  readonly data: string;
}

/**
 * The place of the server of a project: `.runlane/postgres` beside its package.json, or the folder that the URL names. Where the user whom it
 * runs as may not go (below `/root`), its data lie in `/var/tmp`.
 *
 * @param url `embedded:`, or `embedded:/a/folder`.
 */
export function placeOf(url: string): ServerPlace {
  const path = url.slice("embedded:".length);
  const home =
    path === ""
      ? join(projectFolder(), ".runlane", "postgres")
      : resolve(path.startsWith("//") ? fileURLToPath(`file:${path}`) : path);
  return { home, data: isRoot() && !isOpen(existingFolder(home)) ? elsewhere(home) : join(home, "data") };
}

/** Makes the folder of a place, which nothing in a repository should hold. */
export function makeHome({ home }: ServerPlace): void {
  mkdirSync(home, { recursive: true });
  const ignore = join(dirname(home), ".gitignore");
  if (dirname(home).endsWith(".runlane") && !existsSync(ignore)) writeFileSync(ignore, "*\n");
  if (isRoot()) chmodSync(home, 0o711);
}

/** The nearest folder above the working folder that has a package.json, or the working folder. */
function projectFolder(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return process.cwd();
  }
}

function existingFolder(path: string): string {
  return existsSync(path) ? path : existingFolder(dirname(path));
}

/** Whether everybody may pass through a folder. */
export function isOpen(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

function elsewhere(home: string): string {
  return join("/var/tmp", `runlane-postgres-${createHash("sha1").update(home).digest("hex").slice(0, 12)}`);
}
