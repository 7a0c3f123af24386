import type { RunnableConfig } from "../core/config.ts";
import { type EventFilter, isWanted } from "./event-filter.ts";
import type { StreamEvent } from "./event-stream.ts";
import { streamRunLog } from "./log-stream.ts";
import { applyOps, type LogEntry, type RunState } from "./run-log.ts";
import type { Streamable } from "./stream-events.ts";

/** What version 1 says of the run as a whole: what its caller named it. */
interface Root {
  readonly name: string;
  readonly tags: string[];
  readonly metadata: Record<string, unknown>;
}

/**
 * Runs one input and reports what happens inside, in version 1 of LangChain's schema: the patches of the run log, read as events.
 */
export async function* streamEventsV1(
  runnable: Streamable & { getName(): string },
  input: unknown,
  options: Partial<RunnableConfig>,
  filter: EventFilter,
): AsyncGenerator<StreamEvent, void> {
  const { tags = [], metadata = {} } = options;
  const root: Root = { name: options.runName ?? runnable.getName(), tags, metadata };
  let log: RunState | undefined;
  const ofRoot = (what: string, data: StreamEvent["data"]): StreamEvent[] => {
    const { id, type } = log as RunState;
    const event = `on_${type}_${what}`;
    const wanted = isWanted(filter, { name: root.name, type, tags: root.tags, event });
    return wanted ? [{ event, name: root.name, run_id: id, tags: root.tags, metadata: root.metadata, data }] : [];
  };
  for await (const patch of streamRunLog(runnable, input, options, filter, "streaming_events")) {
    const first = log === undefined;
    log = applyOps(log, patch.ops);
    if (first) yield* ofRoot("start", { input });
    for (const { op, path, value } of patch.ops) {
      if (path === "/streamed_output/-") yield* ofRoot("stream", { chunk: value });
      const [, top, key, field] = path.split("/");
      if (top !== "logs" || key === undefined) continue;
      const entry = log.logs[key.replaceAll("~1", "/").replaceAll("~0", "~")] as LogEntry;
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
