import type { BlockedReport } from "../report.ts";

/**
 * Whether a thread is held by a debugger: it waits in the system, and what runs is code that cannot wait. What waits by itself is native, or
 * Node's.
 *
 * @param stack The stack that the thread has told. Its lines without a file are those of the question.
 */
export function isAtBreakpoint(state: BlockedReport["state"], stack: string): boolean {
  if (state !== "waits") return false;
  const running = stack.split("\n").find((line) => /^\s+at (?!<anonymous>:)/.test(line)) ?? "";
  return /(?:\(|^\s+at )(?:file:|\/|[A-Za-z]:[\\/]).*:\d+:\d+\)?$/.test(running);
}
