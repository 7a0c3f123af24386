import { EXIT, messageOf } from "../cli-error.ts";

/** The signals that ask the command to end, and the exit code that tells which it was. */
const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
export type StopSignal = keyof typeof EXIT_CODES;

/**
 * Listens for Ctrl-C and for `kill`. The first signal calls `stop` once, a second one ends the process at once.
 *
 * @returns A function that stops listening.
 */
export function onStopSignal(stop: (signal: StopSignal) => void): () => void {
  let first = true;
  const listeners = (Object.keys(EXIT_CODES) as StopSignal[]).map((signal) => {
    const listener = () => {
      if (!first) process.exit(EXIT_CODES[signal]);
      first = false;
      stop(signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

/** The exit code after a signal. */
export function exitCodeOf(signal: StopSignal): number {
  return EXIT_CODES[signal];
}

/** What is done when a run ends otherwise than by its own decision. */
export interface LastWords {
  /** Writes what has been collected, synchronously. */
  flush(): void;
  /** Tells the user, with advice how to go on. */
  say(message: string): void;
  /** Where the run stands: `input 17 (orders.jsonl:18)`, when something is in flight. */
  waitingFor(): string | undefined;
}

/**
 * Sees to it that nothing that was computed is lost when a pipeline throws where nobody catches, calls `process.exit`, or waits for
 * something that will never happen (Node then ends the process, as if all were well).
 *
 * @returns A function that ends the watch.
 */
export function watchForUntimelyEnd(words: LastWords): () => void {
  const die = (message: string) => {
    stop();
    flushQuietly(words);
    words.say(message);
    process.exit(EXIT.cannotRun);
  };
  const onCrash = (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    die(`an error escaped the pipeline, so no input can be blamed for it: ${text}`);
  };
  const onStuck = () =>
    die(`the pipeline waits for something that can never happen: ${words.waitingFor() ?? "no input"} has not settled`);
  const onExit = (code: number) => {
    flushQuietly(words);
    if (code === EXIT.interrupted || code === EXIT.terminated) return;
    words.say(`the pipeline ended the process with exit code ${code}`);
    process.exitCode = EXIT.cannotRun;
  };
  const stop = () => {
    process.off("uncaughtException", onCrash).off("beforeExit", onStuck).off("exit", onExit);
  };
  process.on("uncaughtException", onCrash).on("beforeExit", onStuck).on("exit", onExit);
  return stop;
}

/** The disk may be the reason for the end. */
function flushQuietly(words: LastWords): void {
  try {
    words.flush();
  } catch {
    // What could not be written is done again by the run that resumes.
  }
}
