import { implicitConfig } from "../core/ambient.ts";
import { mergeConfigs, type RunnableConfig } from "../core/config.ts";
import type { EventFilter } from "./event-filter.ts";
import { EventStream, type StreamEvent } from "./event-stream.ts";
import { newRunId } from "./run-id.ts";

/** A runnable, as far as events need it. */
export interface Streamable {
  stream(input: unknown, options: Partial<RunnableConfig>): Promise<AsyncIterable<unknown>>;
}

/**
 * Runs one input and reports what happens inside (version 2 of LangChain's schema). Leaving the loop aborts the run.
 *
 * @param controller Aborts the run.
 */
export function streamEventsV2(
  runnable: Streamable,
  input: unknown,
  options: Partial<RunnableConfig>,
  filter: EventFilter,
  controller = new AbortController(),
): AsyncIterator<StreamEvent, void> {
  const runId = options.runId ?? newRunId();
  const events = new EventStream(filter, { id: runId, input });
  const reader = events[Symbol.asyncIterator]();
  let running: Promise<void> | undefined;
  return {
    next() {
      running ??= consume(runnable, input, { ...listening(options, events, controller.signal), runId }, events, runId);
      return reader.next();
    },
    async return() {
      await reader.return?.();
      controller.abort();
      await running;
      return { done: true, value: undefined };
    },
  };
}

/** A config with one more listener and one more reason to abort. */
export function listening(
  options: Partial<RunnableConfig>,
  listener: object,
  signal: AbortSignal,
): Partial<RunnableConfig> {
  // Both would replace those that the call inherits.
  const { callbacks, signal: around } = implicitConfig() ?? {};
  const inherited = { callbacks: options.callbacks ?? callbacks, signal: options.signal ?? around };
  const own = { callbacks: [listener], signal };
  // Most calls bring neither, and then there is nothing to merge: 2 % of a short run.
  if (inherited.callbacks === undefined && inherited.signal === undefined && options.tags === undefined)
    return { ...options, ...own };
  return mergeConfigs({ ...options, ...inherited }, own);
}

/** Reads the stream of the run to its end, as its consumer would. Its failure reaches the reader of the events. */
async function consume(
  runnable: Streamable,
  input: unknown,
  config: Partial<RunnableConfig>,
  events: EventStream,
  runId: string,
): Promise<void> {
  try {
    for await (const chunk of await runnable.stream(input, config)) {
      const room = events.seeChunk(runId, chunk, config);
      if (room !== undefined) await room;
    }
    events.close();
  } catch (error) {
    events.close({ error });
  }
}
