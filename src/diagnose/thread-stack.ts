import { Session } from "node:inspector";
import process from "node:process";

const STACK = "(() => { const at = {}; Error.captureStackTrace(at); return at.stack; })()";

/** The question before this one: they are asked one at a time. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Asks a worker thread for the stack of what it runs, without waiting for it to become free: it answers in some milliseconds, also from
 * an endless loop. The inspector reaches the thread through the main one, and no debugger is enabled for that.
 *
 * @param withinMs Gives up after this, in milliseconds. It may have to wait for the answers of other threads first.
 * @returns The lines of the stack, Runlane's own included; undefined when the thread has not answered or runs nothing.
 */
export function stackOfThread(threadId: number, withinMs: number): Promise<string[] | undefined> {
  const until = performance.now() + withinMs;
  const asked = before
    .then(() => {
      const leftMs = until - performance.now();
      return leftMs > 0 ? ask(threadId, leftMs) : undefined;
    })
    .catch(() => undefined);
  before = asked;
  return asked;
}

function ask(threadId: number, withinMs: number): Promise<string[] | undefined> {
  return new Promise((resolve) => {
    const session = new Session();
    let isOver = false;
    const end = (lines?: string[]): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      process.off("exit", leave);
      session.post("NodeWorker.disable");
      session.disconnect();
      resolve(lines);
    };
    const leave = (): void => end();
    const timer = setTimeout(leave, withinMs);
    session.connect();
    process.on("exit", leave);
    session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
      // The title is all that has the thread's own number in it.
      if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      const params = { expression: STACK, returnByValue: true };
      const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
    });
    session.on("NodeWorker.receivedMessageFromWorker", ({ params: { message } }) => {
      const { id, result } = JSON.parse(message) as { id?: number; result?: { result?: { value?: unknown } } };
      // Not in the middle of what the session says.
      if (id === 1) setImmediate(() => end(linesOf(result?.result?.value)));
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false }, (error) => {
      if (error !== null) end();
    });
  });
}

/** The frames of a stack, without that of the question. */
function linesOf(stack: unknown): string[] | undefined {
  if (typeof stack !== "string") return undefined;
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line) && !/^\s+at (?:<anonymous>|eval)/.test(line));
  return lines.length === 0 ? undefined : lines;
}
