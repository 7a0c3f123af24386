import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerPlace } from "./place.ts";

/** The time in milliseconds after which a keeper that has not touched its lock is dead, whoever has its number now. */
const STALE_MS = 20_000;

function lockOf({ home }: ServerPlace): string {
  return join(home, "keeper.pid");
}

/** Whether a server has a keeper. */
export function isKept(place: ServerPlace): boolean {
  return isAlive(lockOf(place), read(lockOf(place)));
}

/** Takes the lock of a server, of which there is one keeper. Returns false if another process has it. */
export function takeLock(place: ServerPlace): boolean {
  const lock = lockOf(place);
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    // A link appears with its content, or not at all.
    while (!isLinked(own, lock)) {
      const holder = read(lock);
      if (isAlive(lock, holder)) return false;
      // Of several that find it dead one gets it; what was somebody's new lock by then goes back.
      const taken = `${own}.stale`;
      if (!isRenamed(lock, taken)) continue;
      if (read(taken) !== holder) isLinked(taken, lock);
      rmSync(taken, { force: true });
    }
    return true;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Touches the lock, so that others see that the keeper is alive. */
export function touchLock(place: ServerPlace): void {
  const now = new Date();
  utimesSync(lockOf(place), now, now);
}

export function releaseLock(place: ServerPlace): void {
  rmSync(lockOf(place), { force: true });
}

function isAlive(lock: string, pid: string | undefined): boolean {
  if (pid === undefined) return false;
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - touched < STALE_MS && processLives(Number(pid));
}

/** Whether there is a process of a number. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isLinked(own: string, lock: string): boolean {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") return false;
    throw error;
  }
}

function isRenamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return false;
    throw error;
  }
}
