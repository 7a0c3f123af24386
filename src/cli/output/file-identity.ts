import { type BigIntStats, fstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "../cli-error.ts";
import { displayName } from "../paths.ts";

/** A file by its path, or by its descriptor. */
export type PathOrFd = string | number;

/**
 * The identity of a file, whatever it is called: by another path, a link of either kind, `/dev/stdin`, a descriptor, or, where the
 * file system does not tell them apart, in other letters.
 *
 * @returns Undefined for what can be read and written at once: a terminal, a device.
 */
export function identityOf(file: PathOrFd): string | undefined {
  const stats = statsOf(file);
  if (stats !== undefined) return stats.isFile() || stats.isFIFO() ? `${stats.dev}:${stats.ino}` : undefined;
  if (typeof file === "number") return undefined;
  const path = realPathOf(file);
  return process.platform === "win32" || process.platform === "darwin" ? path.toLowerCase() : path;
}

function statsOf(file: PathOrFd): BigIntStats | undefined {
  try {
    return typeof file === "number" ? fstatSync(file, { bigint: true }) : statSync(file, { bigint: true });
  } catch {
    return undefined;
  }
}

/** The path at which a file would be created. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPathOf(folder), basename(path));
  }
}

/** Files that a run uses, by what they are ("the input"). */
export type Roles = Readonly<Record<string, PathOrFd | undefined>>;

/**
 * Refuses a file that is written and used otherwise, too.
 *
 * @param streams Standard output and error, which may lead into one file.
 * @throws CliError RUNLANE_CLI_USAGE
 */
export function checkDistinct(written: Roles, read: Roles, streams: Roles = {}): void {
  const roles = new Map<string, string>();
  const add = (role: string, file: PathOrFd | undefined, isChecked: boolean) => {
    const identity = file === undefined ? undefined : identityOf(file);
    if (identity === undefined) return;
    const other = roles.get(identity);
    if (isChecked && other !== undefined) {
      const name = typeof file === "string" ? `, ${displayName(file)}` : "";
      throw new CliError("RUNLANE_CLI_USAGE", `${role} and ${other} are the same file${name}`);
    }
    roles.set(identity, role);
  };
  for (const [role, file] of Object.entries(read)) add(role, file, false);
  for (const [role, file] of Object.entries(written)) add(role, file, true);
  const inputs = new Map(
    Object.entries(read).map(([role, file]) => [file === undefined ? undefined : identityOf(file), role]),
  );
  for (const [role, file] of Object.entries(streams)) {
    const identity = file === undefined ? undefined : identityOf(file);
    const other = identity === undefined ? undefined : inputs.get(identity);
    if (other !== undefined)
      throw new CliError("RUNLANE_CLI_USAGE", `${role} leads into ${other}: the run would read what it writes`);
  }
}
