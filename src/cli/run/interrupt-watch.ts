import { writeSync } from "node:fs";
import { Script } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";

/**
 * The thread that hears Ctrl-C while the main thread cannot. Threads get no signals from Node, with one exception: a script that runs with
 * `breakOnSigint` is broken off by it, and this one does nothing but wait for that.
 */

/** The data that the thread is started with. */
export interface WatchData {
  /**
   * Whether the main thread has handed over; how many signals it has been told of and has heard; how often this thread has begun to listen.
   */
  readonly flags: Int32Array;
  readonly isTerminal: boolean;
}

/** The time that the main thread has to end the process in an orderly way, in milliseconds. */
const GRACE_MS = 1000;
/** Shows the cursor, and lets lines wrap: a progress bar may have turned that off. */
const RESTORE = "\u001b[?25h\u001b[?7h\n";

const { flags, isTerminal } = workerData as WatchData;
// Only what the script does itself is done while it can be broken off: so it says so.
const sleep = new Script("Atomics.add(flags, 2, 1); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)");
Object.assign(globalThis, { flags });

parentPort!.postMessage("ready");
Atomics.wait(flags, 0, 0);
for (let count = 0; count < 2; count++) {
  try {
    sleep.runInThisContext({ breakOnSigint: true });
  } catch {
    // That was Ctrl-C.
  }
  parentPort!.postMessage("interrupt");
}
for (let heard = Atomics.load(flags, 1); heard < 2; heard = Atomics.load(flags, 1))
  if (Atomics.wait(flags, 1, heard, GRACE_MS) === "timed-out") break;
if (Atomics.load(flags, 1) < 2) {
  if (isTerminal) writeSync(2, RESTORE);
  process.kill(process.pid, "SIGINT");
  // Somebody else listens for that, and does not hear it either.
  Atomics.wait(flags, 1, 0, GRACE_MS);
  Atomics.wait(flags, 1, 1, GRACE_MS);
  process.kill(process.pid, "SIGKILL");
}
