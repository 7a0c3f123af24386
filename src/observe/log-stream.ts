import type { RunnableConfig } from "../core/config.ts";
import { ChunkRecorder } from "./chunk-recorder.ts";
import { type EventFilter, isWanted } from "./event-filter.ts";
import { EventQueue } from "./event-queue.ts";
import { inPath, type LogEntry, type RunLogOp, RunLogPatch } from "./run-log.ts";
import type { Run } from "./run-recorder.ts";
import { ShownChunks } from "./shown-chunks.ts";
import { listening, type Streamable } from "./stream-events.ts";

/** The form of inputs and outputs in a log: as callbacks get them, or as events show them. */
export type LogFormat = "original" | "streaming_events";

/** Kinds of runs whose inputs and outputs keep their form in events. */
const KEPT = new Set(["retriever", "llm", "prompt"]);

/** Turns callbacks into the patches of a run log. */
export class LogStream extends ChunkRecorder {
  /** The name by which steps find the handler that wants to see their chunks; LangChain's steps look for it too. */
  readonly name = "log_stream_tracer";
  protected override readonly isBrief = true;
  private readonly queue = new EventQueue<RunLogPatch>();
  private readonly keys = new Map<string, string>();
  private readonly counts = new Map<string, number>();
  private rootId: string | undefined;
  /** The outermost run, once it has started. */
  root: Run | undefined;

  constructor(
    private readonly filter: EventFilter,
    private readonly format: LogFormat,
  ) {
    super();
  }

  [Symbol.asyncIterator](): AsyncIterator<RunLogPatch, void> {
    return this.queue[Symbol.asyncIterator]();
  }

  /** Whether the reader has waited for long enough to get a turn. */
  get isBehind(): boolean {
    return this.queue.isBehind;
  }

  /** Writes down a chunk of the whole run's output. */
  async write(chunk: unknown): Promise<void> {
    this.send([{ op: "add", path: "/streamed_output/-", value: chunk }]);
    await this.queue.room();
  }

  close(failure?: { readonly error: unknown }): void {
    this.queue.close(failure);
  }

  seeChunk(runId: string, chunk: unknown): undefined | Promise<void> {
    const key = runId === this.rootId ? undefined : this.keys.get(runId);
    if (key === undefined) return undefined;
    this.send([{ op: "add", path: `/logs/${inPath(key)}/streamed_output/-`, value: chunk }]);
    return this.queue.room();
  }

  tapOutputIterable<T>(runId: string, chunks: AsyncIterator<T>): AsyncGenerator<T, void> {
    return new ShownChunks(chunks, (chunk) => this.seeChunk(runId, chunk));
  }

  protected override onStart(run: Run): undefined | Promise<void> {
    if (this.rootId === undefined) {
      this.rootId = run.id;
      this.root = run;
      const { id, name, run_type: type } = run;
      const value = { id, name, type, streamed_output: [], final_output: undefined, logs: {} };
      this.send([{ op: "replace", path: "", value }]);
    }
    const { name, run_type: type, tags } = run;
    if (run.id === this.rootId || !isWanted(this.filter, { name, type, tags })) return this.loadClasses(run);
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    const key = count === 1 ? name : `${name}:${count}`;
    this.keys.set(run.id, key);
    this.send([{ op: "add", path: `/logs/${inPath(key)}`, value: this.entryOf(run) }]);
    return this.loadClasses(run);
  }

  private entryOf(run: Run): LogEntry {
    const entry: LogEntry = {
      id: run.id,
      name: run.name,
      type: run.run_type,
      tags: run.tags,
      metadata: (run.extra.metadata ?? {}) as Record<string, unknown>,
      start_time: new Date().toISOString(),
      streamed_output: [],
      streamed_output_str: [],
      final_output: undefined,
      end_time: undefined,
    };
    if (this.format === "streaming_events") entry.inputs = inputOf(run);
    return entry;
  }

  protected override onEnd(run: Run): void {
    const key = this.keys.get(run.id);
    const output = this.outputOf(run);
    if (key !== undefined) {
      const path = `/logs/${inPath(key)}`;
      const ops: RunLogOp[] = [];
      if (this.format === "streaming_events") ops.push({ op: "replace", path: `${path}/inputs`, value: inputOf(run) });
      ops.push({ op: "add", path: `${path}/final_output`, value: output });
      ops.push({ op: "add", path: `${path}/end_time`, value: new Date().toISOString() });
      this.send(ops);
    }
    if (run.id === this.rootId) this.send([{ op: "replace", path: "/final_output", value: output }]);
  }

  protected override onToken(run: Run, token: string, fields: { chunk?: unknown } | undefined): void {
    const key = this.keys.get(run.id);
    if (key === undefined) return;
    const path = `/logs/${inPath(key)}`;
    this.send([
      { op: "add", path: `${path}/streamed_output_str/-`, value: token },
      { op: "add", path: `${path}/streamed_output/-`, value: this.chunkOf(run, token, fields?.chunk) },
    ]);
  }

  private chunkOf(run: Run, token: string, chunk: unknown): unknown {
    if (run.inputs.messages === undefined) return token;
    if ((chunk as { message?: unknown } | undefined)?.message !== undefined) return chunk;
    return this.classes?.messageChunk(run, token) ?? token;
  }

  private outputOf({ outputs, run_type }: Run): unknown {
    if (this.format === "original" || KEPT.has(run_type) || outputs === undefined) return outputs;
    return Object.keys(outputs).length === 1 && outputs.output !== undefined ? outputs.output : outputs;
  }

  private send(ops: RunLogOp[]): void {
    this.queue.push(new RunLogPatch({ ops }));
  }
}

function inputOf({ inputs, run_type }: Run): unknown {
  if (KEPT.has(run_type)) return inputs;
  if (Object.keys(inputs).length === 1 && inputs.input === "") return undefined;
  return inputs.input;
}

/** Runs one input and yields the patches of its log. Leaving the loop aborts the run. */
export async function* streamRunLog(
  runnable: Streamable,
  input: unknown,
  options: Partial<RunnableConfig>,
  filter: EventFilter,
  log = new LogStream(filter, "original"),
  controller = new AbortController(),
): AsyncGenerator<RunLogPatch, void> {
  const running = consume(runnable, input, listening(options, log, controller.signal), log);
  try {
    for await (const patch of log) yield patch;
  } finally {
    controller.abort();
    await running;
  }
}

async function consume(
  runnable: Streamable,
  input: unknown,
  config: Partial<RunnableConfig>,
  log: LogStream,
): Promise<void> {
  try {
    for await (const chunk of await runnable.stream(input, config)) await log.write(chunk);
    log.close();
  } catch (error) {
    log.close({ error });
  }
}
