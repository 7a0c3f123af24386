import { EXIT } from "../cli-error.ts";

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
