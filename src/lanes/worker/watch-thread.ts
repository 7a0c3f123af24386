import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { NO_PULSE, PULSE } from "../protocol/frames.ts";

/** The time between two looks of the thread, in milliseconds. When the parent is gone twice in a row, the process ends. */
const EVERY_MS = 500;

const SOURCE = `
  const { writeSync } = require("node:fs");
  const { workerData: { parent, busy } } = require("node:worker_threads");
  const beat = Buffer.from([1]);
  const pulse = () => { try { writeSync(${PULSE}, beat); } catch {} };
  let alone = 0;
  pulse();
  setInterval(() => {
    if (Atomics.load(busy, 0) === 1) pulse();
    if (process.ppid !== parent && ++alone > 1) process.kill(process.pid, "SIGKILL");
  }, ${EVERY_MS});
`;

/**
 * A thread beside the work, which goes on while that is in the middle of a long or endless loop. It starts beside it, in 20 ms, and needs
 * 4 MB. While the process has something to do, it tells the parent so: a process that does not is stopped, or stuck between two inputs.
 * And it ends the process when the parent is gone, which the end of the channel cannot tell then.
 *
 * @param parent The id of the parent, as the parent says: it may be gone before this process could ask.
 * @returns Says whether the process has something to do.
 */
export function startWatchThread(parent: number): (isBusy: boolean) => void {
  const busy = new Int32Array(new SharedArrayBuffer(4));
  const { store } = Atomics;
  const watch = new Worker(SOURCE, {
    eval: true,
    workerData: { parent, busy },
    name: "runlane-watch",
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  watch.unref();
  // Without it, a parent that is killed leaves this process only when its loop turns, and the parent is not to wait for a pulse.
  watch.on("error", () => {
    try {
      writeSync(PULSE, Uint8Array.of(NO_PULSE));
    } catch {}
  });
  return (isBusy) => {
    store(busy, 0, isBusy ? 1 : 0);
  };
}
