import { Session } from "node:inspector";
import { ASKED } from "../asked.ts";
import { MARK } from "../marks.ts";
import type { Current } from "../watched-run.ts";

/** The answer of the held thread. */
export interface Answer {
  /** The stack; empty when no code is running, because the thread is free again or at a breakpoint. */
  readonly stack: string;
  readonly current?: Current | undefined;
  readonly context?: unknown;
}

const QUESTION = `(() => {
  const asked = globalThis[Symbol.for("${ASKED.description}")];
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 64;
  const here = {};
  Error.captureStackTrace(here);
  Error.stackTraceLimit = limit;
  return { stack: String(here.stack), ...asked?.() };
})()`;

/**
 * Asks the main thread for its stack while it is held. The domain "Runtime" is enough for that: with "Debugger" on, everything that
 * the process does takes three times as long.
 *
 * @param marks The session is announced there, so that the process does not end with it open.
 * @param onAnswer Called when the thread has answered: in a few milliseconds, or when native code has returned.
 */
export function askMainThread(marks: Int32Array, onAnswer: (answer: Answer | undefined) => void): void {
  if (Atomics.compareExchange(marks, MARK.session, 0, 1) !== 0) {
    onAnswer(undefined);
    return;
  }
  let session: Session;
  const close = (answer: Answer | undefined): void => {
    try {
      session?.disconnect();
    } finally {
      Atomics.compareExchange(marks, MARK.session, 1, 0);
      Atomics.notify(marks, MARK.session);
      onAnswer(answer);
    }
  };
  try {
    session = new Session();
    session.connectToMainThread();
    session.post("Runtime.evaluate", { expression: QUESTION, returnByValue: true, silent: true }, (error, answer) => {
      close(error === null ? (answer?.result?.value as Answer | undefined) : undefined);
    });
  } catch {
    close(undefined);
  }
}
