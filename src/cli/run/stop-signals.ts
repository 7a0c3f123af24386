import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { EXIT } from "../cli-error.ts";
import { PACKAGE_FILE } from "../paths.ts";
import type { WatchData } from "./interrupt-watch.ts";

/** The signals that ask the command to end, and the exit code that tells which it was. */
const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
export type StopSignal = keyof typeof EXIT_CODES;

/** Signals that are listened for. */
export interface SignalWatch {
  /** Resolves when Ctrl-C is heard even while this thread is held up. */
  readonly ready: Promise<void>;
  stop(): void;
}

const WATCH = join(dirname(PACKAGE_FILE), "dist", "cli", "run", "interrupt-watch.js");

/**
 * Listens for Ctrl-C and for `kill`. The first signal calls `stop` once, a second one ends the process at once.
 *
 * A thread listens for Ctrl-C as soon as it is up, since a function that never returns keeps this one from hearing anything: the second
 * Ctrl-C then ends the process from there.
 *
 * @param quit Is called before the process ends by a second signal.
 */
export function onStopSignal(stop: (signal: StopSignal) => void, quit: () => void): SignalWatch {
  let first = true;
  const hear = (signal: StopSignal) => {
    if (first) {
      first = false;
      stop(signal);
      return;
    }
    quit();
    process.exit(EXIT_CODES[signal]);
  };
  const onInterrupt = () => hear("SIGINT");
  const onTerminate = () => hear("SIGTERM");
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate);
  const { ready, stop: stopThread } = watchInterrupts(onInterrupt);
  const end = () => {
    stopThread();
    process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate);
  };
  return { ready, stop: end };
}

/** Starts the thread. It takes over when it is up: until then, signals come here. */
function watchInterrupts(onInterrupt: () => void): SignalWatch {
  const flags = new Int32Array(new SharedArrayBuffer(12));
  const workerData: WatchData = { flags, isTerminal: process.stderr.isTTY };
  const watch = new Worker(WATCH, { workerData, stdout: false, stderr: false });
  let isOver = false;
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  // Between two times that the thread listens, and before the first, a signal ends the process: nothing goes on until it listens again.
  const whenListening = (times: number, goOn: () => void) => {
    if (isOver || Atomics.load(flags, 2) >= times) goOn();
    else setTimeout(whenListening, 1, times, goOn);
  };
  watch.on("message", (message: "ready" | "interrupt") => {
    if (message === "ready") {
      // While somebody listens here, the system would not end the process for the thread.
      process.off("SIGINT", onInterrupt);
      Atomics.store(flags, 0, 1);
      Atomics.notify(flags, 0);
      watch.unref();
      whenListening(1, isReady);
      return;
    }
    const heard = Atomics.add(flags, 1, 1) + 1;
    Atomics.notify(flags, 1);
    whenListening(Math.min(heard + 1, 2), () => {
      // Other listeners hear of it as ever.
      process.emit("SIGINT");
      onInterrupt();
    });
  });
  // Where no thread can be started, signals go on to come here.
  const end = () => {
    isOver = true;
    isReady();
  };
  watch.on("error", end).on("exit", end);
  return { ready, stop: () => void watch.terminate() };
}

/** The exit code after a signal. */
export function exitCodeOf(signal: StopSignal): number {
  return EXIT_CODES[signal];
}
