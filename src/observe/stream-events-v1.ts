import type { RunnableConfig } from "../core/config.ts";
import { type EventFilter, isWanted } from "./event-filter.ts";
import type { StreamEvent } from "./event-stream.ts";
import { LogStream, streamRunLog } from "./log-stream.ts";
import { applyOps, fromPath, type LogEntry, type RunState } from "./run-log.ts";
import type { Run } from "./run-recorder.ts";
import type { Streamable } from "./stream-events.ts";

/**
 * Runs one input and reports what happens inside, in version 1 of LangChain's schema: the patches of the run log, read as events.
 */
export async function* streamEventsV1(
  runnable: Streamable,
  input: unknown,
  options: Partial<RunnableConfig>,
  filter: EventFilter,
  controller = new AbortController(),
): AsyncGenerator<StreamEvent, void> {
  const stream = new LogStream(filter, "streaming_events");
  let log: RunState | undefined;
  const ofRoot = (what: string, data: StreamEvent["data"]): StreamEvent[] => {
    const { id, name, run_type: type, tags, extra } = stream.root as Run;
    const event = `on_${type}_${what}`;
    const metadata = (extra.metadata ?? {}) as Record<string, unknown>;
    return isWanted(filter, { name, type, tags, event }) ? [{ event, name, run_id: id, tags, metadata, data }] : [];
  };
  for await (const patch of streamRunLog(runnable, input, options, filter, stream, controller)) {
    const first = log === undefined;
    log = applyOps(log, patch.ops);
    if (first) yield* ofRoot("start", { input });
    for (const { op, path, value } of patch.ops) {
      if (path === "/streamed_output/-") yield* ofRoot("stream", { chunk: value });
      const [, top, key, field] = path.split("/");
      if (top !== "logs" || key === undefined) continue;
      const entry = log.logs[fromPath(key)] as LogEntry;
      if (field === undefined) yield ofStep(entry, "start", { input: entry.inputs });
      else if (field === "streamed_output") yield ofStep(entry, "stream", { chunk: value });
      else if (field === "end_time" && op === "add")
        yield ofStep(entry, "end", { input: entry.inputs, output: entry.final_output });
    }
  }
  if (log !== undefined) yield* ofRoot("end", { output: log.final_output });
}

function ofStep(entry: LogEntry, what: string, data: Record<string, unknown>): StreamEvent {
  const { name, id: run_id, tags, metadata, type } = entry;
  if (data.input === undefined) delete data.input;
  return { event: `on_${type}_${what}`, name, run_id, tags, metadata, data };
}
