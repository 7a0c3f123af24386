import type { Listener } from "./handlers.ts";
import { ShownChunks } from "./shown-chunks.ts";

/** Whether a handler wants to see the chunks of runs by passing them on, as LangChain's event streams and log streams do. */
export function tapsChunks(handler: Listener): boolean {
  return typeof handler.tapOutputIterable === "function" && !seesChunks(handler);
}

/** Whether a handler is shown the chunks of runs, as Runlane's own are: that costs no generator. */
function seesChunks(handler: Listener): boolean {
  return typeof handler.seeChunk === "function";
}

/**
 * Shows a chunk of a run to the handlers that are shown them.
 *
 * @param by The reporter that shows the chunk: of those that show chunks of one run, a handler listens to the first.
 */
export function shown(
  handlers: readonly Listener[],
  runId: string,
  chunk: unknown,
  by: object,
): undefined | Promise<unknown> {
  let waiting: PromiseLike<unknown>[] | undefined;
  for (const handler of handlers) {
    const room = seesChunks(handler) ? handler.seeChunk(runId, chunk, by) : undefined;
    if (room !== undefined) waiting = [...(waiting ?? []), room];
  }
  return waiting === undefined ? undefined : Promise.all(waiting);
}

/** Lets handlers see the chunks of a run on their way. Leaving the result closes the given chunks. */
export function tapped<T>(handlers: readonly Listener[], runId: string, chunks: AsyncGenerator<T>): AsyncGenerator<T> {
  let passed = chunks;
  for (const handler of handlers) if (tapsChunks(handler)) passed = passing(handler, runId, passed);
  if (!handlers.some(seesChunks)) return passed;
  return new ShownChunks(passed, (chunk) => shown(handlers, runId, chunk, passed));
}

/** A handler's own iteration may not close what it reads, so it is closed here. */
async function* passing<T>(handler: Listener, runId: string, chunks: AsyncGenerator<T>): AsyncGenerator<T, void> {
  let finished = false;
  try {
    yield* handler.tapOutputIterable(runId, chunks);
    finished = true;
  } finally {
    if (!finished) await chunks.return(undefined);
  }
}
