import { abortError, onAbort } from "./signal.ts";

/**
 * Waits for some milliseconds, or until one of the signals aborts: then it rejects with that signal's error. No timer and no
 * listener is left behind either way.
 */
export function wait(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) {
      reject(abortError(aborted));
      return;
    }
    const stops: (() => void)[] = [];
    const end = (): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, ms);
    for (const signal of signals) {
      stops.push(
        onAbort(signal, () => {
          end();
          reject(abortError(signal));
        }),
      );
    }
  });
}
