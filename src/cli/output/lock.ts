import { execFileSync } from "node:child_process";
import { existsSync, linkSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { CliError, systemCause, systemCode } from "../cli-error.ts";
import { displayName } from "../paths.ts";

/** The owner of a lock: a process, and when it started, since its number may be given to another one later. */
interface Owner {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
}

/** The locks of the files of one run. */
export class FileLocks {
  private readonly releases: (() => void)[] = [];

  /** @param paths Files that are regular ones, or will be. */
  constructor(private readonly paths: readonly string[]) {}

  /** Locks the files whose folders exist. @throws CliError RUNLANE_CLI_OUTPUT */
  take(): void {
    for (const path of this.paths) {
      const stats = statSync(path, { throwIfNoEntry: false });
      if ((stats === undefined && !existsSync(dirname(resolve(path)))) || stats?.isFile() === false) continue;
      this.releases.push(lockFile(path));
    }
  }

  release(): void {
    for (const release of this.releases.splice(0)) release();
  }
}

/** The locks of this process, which it lets go when it ends. */
const held = new Set<string>();

/**
 * Takes the lock of a file that is going to be written, so that two runs never write to one file. It lies beside the file, as
 * `.out.jsonl.lock`. A lock whose process is dead is no obstacle.
 *
 * @returns What lets go.
 * @throws CliError RUNLANE_CLI_OUTPUT when another run has it; it says which.
 */
function lockFile(path: string): () => void {
  const lock = lockOf(path);
  if (held.has(lock)) return () => {};
  const own = `${lock}.${process.pid}`;
  try {
    const owner: Owner = { pid: process.pid, started: startOf(process.pid) ?? "", host: hostname() };
    writeFileSync(own, `${JSON.stringify(owner)}\n`);
    // A link appears with its content, or not at all.
    while (!isLinked(own, lock)) removeStale(lock, path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      "RUNLANE_CLI_OUTPUT",
      `cannot write ${displayName(path)}, as its lock cannot be made: ${systemCause(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(own, { force: true });
  }
  if (held.size === 0) process.on("exit", letGoOfAll);
  held.add(lock);
  return () => {
    if (held.delete(lock)) rmSync(lock, { force: true });
    if (held.size === 0) process.off("exit", letGoOfAll);
  };
}

function letGoOfAll(): void {
  for (const lock of held) rmSync(lock, { force: true });
  held.clear();
}

/** The path of a file's lock: one for all names of the file. */
function lockOf(path: string): string {
  const file = realPath(path);
  return join(dirname(file), `.${basename(file)}.lock`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(resolve(path))), basename(path));
  }
}

function isLinked(own: string, lock: string): boolean {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    return isWritten(own, lock, error);
  }
}

/** File systems without links: the lock is there before it says whose it is. */
function isWritten(own: string, lock: string, linkError: unknown): boolean {
  if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(systemCode(linkError) ?? "")) throw linkError;
  try {
    writeFileSync(lock, readFileSync(own), { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose process is dead. @throws CliError when it is not. */
function removeStale(lock: string, path: string): void {
  const text = read(lock);
  if (text === undefined) return;
  const owner = parse(text);
  if (owner === undefined || isAlive(owner)) {
    const who =
      owner === undefined
        ? "another run"
        : `process ${owner.pid}${owner.host === hostname() ? "" : ` on ${owner.host}`}`;
    throw new CliError(
      "RUNLANE_CLI_OUTPUT",
      `${displayName(path)} is being written by ${who}; wait for it, or name another file (its lock is ${displayName(lock)})`,
    );
  }
  // Of several that find it dead one gets it; and if it was somebody's new lock by then, that one goes back.
  const taken = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, taken);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  if (read(taken) === text) rmSync(taken, { force: true });
  else renameSync(taken, lock);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text);
    return Number.isInteger(owner?.pid) && typeof owner.started === "string" && typeof owner.host === "string"
      ? owner
      : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody can tell from here whether a process of another machine is alive. */
function isAlive({ pid, started, host }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false;
  }
  const start = startOf(pid);
  return start === undefined || started === "" || start === started;
}

/** When a process started, in whatever the system counts; undefined where it does not tell. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== "linux")
      return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    // The name of the process may hold anything; what follows its last bracket are 20 fields up to the start.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ");
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}
