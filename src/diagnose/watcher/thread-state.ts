import { openSync, readSync } from "node:fs";
import process from "node:process";
import type { BlockedReport } from "../report.ts";

/** The folder in which Linux tells of the main thread of this process; there is none elsewhere. */
const THREAD = `/proc/self/task/${process.pid}`;

/** The time that the main thread was ready to run and had no core, in milliseconds, since it began. */
export function starvedMs(): number | undefined {
  const waited = read("schedstat")?.split(" ")[1];
  return waited === undefined ? undefined : Number(waited) / 1e6;
}

/** Whether the main thread computes or waits in the system now. */
export function threadState(): BlockedReport["state"] {
  // The name stands in brackets before the state, and may have brackets in it.
  const state = read("stat")?.match(/\) (\w)[^)]*$/)?.[1];
  if (state === undefined) return "unknown";
  return state === "R" ? "computes" : "waits";
}

/** The number of looks that count. */
const LOOKS = 9;
/** So many looks of one kind in a row settle what a thread does now. */
const SETTLED = 3;

/**
 * The state in which a held thread has been for the most part lately. A single look would not do: who starts a process computes before it waits,
 * and who waits computes while it answers.
 */
export class HeldState {
  private beat = -1;
  private looks: BlockedReport["state"][] = [];

  constructor(private readonly stateNow: () => BlockedReport["state"]) {}

  /** Looks, unless the loop has turned since the last look: then it is held by something else, if at all. */
  look(beat: number): void {
    if (beat !== this.beat) {
      this.beat = beat;
      this.looks = [];
      return;
    }
    this.looks.push(this.stateNow());
    if (this.looks.length > LOOKS) this.looks.shift();
  }

  /** Whether the last looks agree: one that has just begun to wait, at a breakpoint for example, has computed until then. */
  get isSettled(): boolean {
    const last = this.looks.slice(-SETTLED);
    return last.length === SETTLED && last.every((one) => one === last[0]);
  }

  /** What it did when it was looked at last. */
  get lately(): BlockedReport["state"] {
    return this.looks.at(-1) ?? "unknown";
  }

  get mostly(): BlockedReport["state"] {
    const count = (state: BlockedReport["state"]): number => this.looks.filter((one) => one === state).length;
    const [computing, waiting] = [count("computes"), count("waits")];
    if (computing + waiting === 0) return "unknown";
    return waiting > computing ? "waits" : "computes";
  }
}

/** The files that are open: a look at one that is costs a fifth. */
const files = new Map<string, number>();
const buffer = Buffer.alloc(1024);

function read(name: string): string | undefined {
  try {
    let file = files.get(name);
    if (file === undefined) {
      file = openSync(`${THREAD}/${name}`, "r");
      files.set(name, file);
    }
    return buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  }
}
