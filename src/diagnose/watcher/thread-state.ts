import { readFileSync } from "node:fs";
import process from "node:process";

/** The folder in which Linux tells of the main thread of this process; there is none elsewhere. */
const THREAD = `/proc/self/task/${process.pid}`;

/** The time that the main thread was ready to run and had no core, in milliseconds, since it began. */
export function starvedMs(): number | undefined {
  const waited = read("schedstat")?.split(" ")[1];
  return waited === undefined ? undefined : Number(waited) / 1e6;
}

/** Whether the main thread computes or waits in the system now. */
export function threadState(): "computes" | "waits" | "unknown" {
  // The name stands in brackets before the state, and may have brackets in it.
  const state = read("stat")?.match(/\) (\w)[^)]*$/)?.[1];
  if (state === undefined) return "unknown";
  return state === "R" ? "computes" : "waits";
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`${THREAD}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
