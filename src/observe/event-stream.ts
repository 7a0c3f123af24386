import { ChunkRecorder } from "./chunk-recorder.ts";
import { type EventFilter, isWanted } from "./event-filter.ts";
import { EventQueue } from "./event-queue.ts";
import type { Run } from "./run-recorder.ts";

/**
 * Something that happened in a run, as `streamEvents` reports it.
 *
 * @example
 * ```ts
 * import { RunnableLambda, type StreamEvent } from "runlane";
 *
 * const shout = RunnableLambda.from((text: string) => text.toUpperCase());
 * const seen: StreamEvent["event"][] = [];
 * for await (const { event } of shout.streamEvents("hi", { version: "v2" })) seen.push(event);
 * // ["on_chain_start", "on_chain_stream", "on_chain_end"]
 * ```
 */
export interface StreamEvent {
  /** `on_KIND_start`, `on_KIND_stream`, `on_KIND_end`, `on_KIND_error`, or `on_custom_event`. */
  event: string;
  /** The name of the run, or of the custom event. */
  name: string;
  run_id: string;
  /** The ids of the runs around this one, from the outermost in; LangChain.js has no such field. */
  parent_ids?: string[];
  tags?: string[];
  metadata: Record<string, unknown>;
  /** What the event is about: `input`, `chunk`, `output`, `error`; of a custom event, its payload. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of any runnable
  data: any;
}

interface Seen {
  readonly type: string;
  readonly parents: string[];
  tapped?: Promise<void>;
}

/** The name by which steps find the handler that wants to see their chunks; LangChain's steps look for it too. */
const NAME = "event_stream_tracer";

/** Turns callbacks into events. */
export class EventStream extends ChunkRecorder {
  readonly name = NAME;
  private readonly queue = new EventQueue<StreamEvent>();
  private readonly seen = new Map<string, Seen>();
  /** Ends that are kept back until the chunks of their runs have been reported. */
  private readonly heldBack = new Set<() => void>();

  constructor(private readonly filter: EventFilter = {}) {
    super();
  }

  [Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void> {
    return this.queue[Symbol.asyncIterator]();
  }

  /** Ends the stream. With a failure, its reader gets the error after what has been reported. */
  close(failure?: { readonly error: unknown }): void {
    for (const report of this.heldBack) report();
    this.queue.close(failure);
  }

  /** Reports the chunks of a run on their way. The run that reports its chunks first is the one that is heard. */
  async *tapOutputIterable<T>(runId: string, chunks: AsyncIterator<T>): AsyncGenerator<T, void> {
    let finish: (() => void) | undefined;
    try {
      let run: Run | undefined;
      let reports = true;
      for (let result = await chunks.next(); result.done !== true; result = await chunks.next()) {
        const chunk = result.value;
        run ??= this.runOf(runId);
        const seen = this.seen.get(runId);
        if (finish === undefined && reports) {
          reports = run !== undefined && seen !== undefined && seen.tapped === undefined;
          if (reports && seen !== undefined) finish = this.hold(seen);
          if (reports && run !== undefined) this.send(run, "stream", { chunk: this.asChunk(seen, chunk) });
        } else if (reports && run !== undefined && seen?.type !== "tool" && seen?.type !== "retriever") {
          this.send(run, "stream", { chunk: this.asChunk(seen, chunk) });
        }
        await this.queue.room();
        yield chunk;
      }
    } finally {
      finish?.();
    }
  }

  /** Keeps the end of a run back until its chunks have been reported. */
  private hold(seen: Seen): () => void {
    let finish = (): void => {};
    const tapped = new Promise<void>((resolve) => {
      finish = resolve;
    });
    seen.tapped = tapped;
    return finish;
  }

  protected override onStart(run: Run): undefined | Promise<void> {
    const parent = this.seen.get(run.parent_run_id ?? "");
    const parents = parent === undefined ? [] : [...parent.parents, run.parent_run_id as string];
    const type = run.run_type === "llm" && run.inputs.messages !== undefined ? "chat_model" : run.run_type;
    this.seen.set(run.id, { type, parents });
    const input = inputOf(run);
    this.send(run, "start", input === undefined ? {} : { input });
    return this.loadClasses(run);
  }

  protected override onEnd(run: Run, error: unknown): void {
    const seen = this.seen.get(run.id);
    const input = run.run_type === "chain" || run.run_type === "prompt" ? unwrapped(run.inputs, "input") : inputOf(run);
    const failed = run.error !== undefined;
    // LangChain has one event for errors, that of tools, and puts the text of the error into it.
    const problem = seen?.type === "tool" ? run.error : error;
    const report = (): void => {
      this.send(
        run,
        failed ? "error" : "end",
        failed ? { error: problem, input } : { output: outputOf(run, seen), input },
      );
      this.seen.delete(run.id);
    };
    if (seen?.tapped === undefined) {
      report();
      return;
    }
    const { tapped } = seen;
    const once = (): void => {
      if (this.heldBack.delete(once)) report();
    };
    this.heldBack.add(once);
    tapped.then(once);
  }

  protected override onToken(run: Run, token: string, fields: { chunk?: unknown } | undefined): void {
    const seen = this.seen.get(run.id);
    // The chunks of a model that is the whole chain are reported by the one who reads its stream.
    if (this.seen.size === 1 || seen === undefined || seen.tapped !== undefined) return;
    const given = fields?.chunk as { message?: unknown } | undefined;
    const chunk = seen.type === "chat_model" ? (given?.message ?? this.classes?.messageChunk(run, token)) : given;
    this.send(run, "stream", { chunk: chunk ?? this.asChunk(seen, token) });
  }

  protected override onCustomEvent(run: Run, name: string, data: unknown): void {
    if (isWanted(this.filter, { ...this.about(run), event: "on_custom_event" })) {
      this.queue.push({ ...this.envelope(run), event: "on_custom_event", name, data });
    }
  }

  /** What a text model streams is reported in LangChain's form. */
  private asChunk(seen: Seen | undefined, chunk: unknown): unknown {
    return seen?.type === "llm" && typeof chunk === "string" ? (this.classes?.textChunk(chunk) ?? chunk) : chunk;
  }

  private send(run: Run, what: string, data: Record<string, unknown>): void {
    const about = this.about(run);
    const event = `on_${about.type}_${what}`;
    if (isWanted(this.filter, { ...about, event })) this.queue.push({ ...this.envelope(run), event, data });
  }

  private about(run: Run): { name: string; type: string; tags: readonly string[] } {
    return { name: run.name, type: this.seen.get(run.id)?.type ?? run.run_type, tags: run.tags };
  }

  private envelope(run: Run): Omit<StreamEvent, "event" | "data"> {
    const metadata = (run.extra.metadata ?? {}) as Record<string, unknown>;
    const parents = this.seen.get(run.id)?.parents ?? [];
    return { name: run.name, run_id: run.id, parent_ids: parents, tags: run.tags, metadata };
  }
}

/** The input of a run as its start reports it; nothing yet, when the input of a stream is still to come. */
function inputOf({ inputs, run_type }: Run): unknown {
  if (run_type === "llm" || run_type === "tool" || run_type === "retriever") return inputs;
  const input = unwrapped(inputs, "input");
  return input === "" ? undefined : input;
}

/** What was put into an object to be reported. An object with more keys is the value itself. */
function unwrapped(reported: Record<string, unknown> | undefined, key: string): unknown {
  return reported !== undefined && key in reported && Object.keys(reported).length === 1 ? reported[key] : reported;
}

function outputOf({ outputs, run_type }: Run, seen: Seen | undefined): unknown {
  if (run_type === "retriever") return outputs?.documents ?? outputs;
  if (run_type !== "llm") return unwrapped(outputs, "output");
  const generations = outputs?.generations as
    | { text: string; message?: unknown; generationInfo?: unknown }[][]
    | undefined;
  if (seen?.type === "chat_model") return generations?.[0]?.[0]?.message;
  const texts = generations?.map((list) => list.map(({ text, generationInfo }) => ({ text, generationInfo })));
  return { generations: texts, llmOutput: outputs?.llmOutput ?? {} };
}
