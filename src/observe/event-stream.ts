import type { BriefRun } from "./brief-run.ts";
import { ChunkRecorder } from "./chunk-recorder.ts";
import { type EventFilter, isWanted } from "./event-filter.ts";
import { EventQueue } from "./event-queue.ts";
import type { Run } from "./run-recorder.ts";
import { ShownChunks } from "./shown-chunks.ts";

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
  /** The id of the run. */
  run_id: string;
  /** The ids of the runs around this one, from the outermost in: with {@link EventFilter.includeParentIds}. */
  parent_ids?: string[];
  /** The tags of the run. */
  tags?: string[];
  /** The metadata of the run. */
  metadata: Record<string, unknown>;
  /** The data of the event, by kind: `input`, `chunk`, `output`, `error`; of a custom event, its payload. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of any runnable
  data: any;
}

/** A run, with the state of its events. */
type ReportedRun = BriefRun & { shown: Shown | undefined };

interface Shown {
  readonly type: string;
  readonly names: EventNames;
  readonly parents: readonly string[];
  /** Whether the filter lets the events of the run through. */
  readonly isWanted: boolean;
  /** The first reporter that showed a chunk of the run. Only its chunks are reported. */
  by: object | undefined;
  /** Settles when the chunks of the run have been passed on, if they are shown by a reporter that does not wait for its end. */
  passedOn: Promise<void> | undefined;
}

interface EventNames {
  readonly start: string;
  readonly stream: string;
  readonly end: string;
  readonly error: string;
}

const namesByType = new Map<string, EventNames>();

function namesOf(type: string): EventNames {
  let names = namesByType.get(type);
  if (names === undefined) {
    names = {
      start: `on_${type}_start`,
      stream: `on_${type}_stream`,
      end: `on_${type}_end`,
      error: `on_${type}_error`,
    };
    namesByType.set(type, names);
  }
  return names;
}

/** The name by which steps find the handler that wants to see their chunks; LangChain's steps look for it too. */
const NAME = "event_stream_tracer";

/** The outermost run: its input is on its first event, and not again on its last. */
interface Root {
  readonly id: string;
  readonly input: unknown;
}

const NO_PARENTS: readonly string[] = [];

/** Turns callbacks into events. */
export class EventStream extends ChunkRecorder {
  readonly name = NAME;
  protected override readonly isBrief = true;
  private readonly queue = new EventQueue<StreamEvent>();
  private readonly isFiltered: boolean;
  /** The chains that the filter leaves out, while they run. */
  private readonly passedOver = new Set<string>();
  /** The number of runs that have not reported their end. */
  private open = 0;
  /** The run of the first event, which has the input of the whole call. */
  private firstRun: string | undefined;
  /** Reports of ends that are kept back until the chunks of their runs have been reported. */
  private readonly heldBack = new Set<() => void>();

  constructor(
    private readonly filter: EventFilter,
    private readonly root: Root,
  ) {
    super();
    this.isFiltered = Object.keys(filter).length > 0;
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, void> {
    return this.queue[Symbol.asyncIterator]();
  }

  /** Whether the reader has waited for long enough to get a turn. */
  get isBehind(): boolean {
    return this.queue.isBehind;
  }

  /** Ends the stream. With a failure, its reader gets the error after what has been reported. */
  close(failure?: { readonly error: unknown }): void {
    for (const report of this.heldBack) report();
    this.queue.close(failure);
  }

  /**
   * Reports a chunk of a run.
   *
   * @param by The reporter that shows the chunk. Only the one that shows chunks of a run first is heard.
   * @returns A promise when the reader has to catch up first.
   */
  seeChunk(runId: string, chunk: unknown, by: object): undefined | Promise<void> {
    const run = this.runOf(runId);
    const shown = run?.shown;
    if (run !== undefined && shown !== undefined) {
      const isFirst = shown.by === undefined;
      if (isFirst) shown.by = by;
      const isListed = isFirst || (shown.type !== "tool" && shown.type !== "retriever");
      if (shown.by === by && isListed && shown.isWanted)
        this.send(run, shown, shown.names.stream, { chunk: this.asChunk(shown, chunk) });
    }
    return this.queue.room();
  }

  /** Reports the chunks of a run on their way; LangChain's steps show theirs so. */
  tapOutputIterable<T>(runId: string, chunks: AsyncIterator<T>): AsyncGenerator<T, void> {
    let finish: (() => void) | undefined;
    const see = (chunk: T): undefined | Promise<void> => {
      const room = this.seeChunk(runId, chunk, see);
      const shown = finish === undefined ? this.runOf(runId)?.shown : undefined;
      if (shown?.by === see) {
        shown.passedOn = new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return room;
    };
    return new ShownChunks(chunks, see, () => finish?.());
  }

  protected override runOf(id: string | undefined): ReportedRun | undefined {
    return super.runOf(id) as ReportedRun | undefined;
  }

  /** Whether the filter leaves out a chain of that name, with those tags. Nobody has to make a run of it then. */
  leavesOut(name: string, tags: readonly string[]): boolean {
    if (!this.isFiltered || this.filter.includeParentIds === true) return false;
    return !isWanted(this.filter, { name, type: "chain", tags });
  }

  /** Passes over chains that are filtered out, unless the runs inside report them as their parents. */
  protected override passesOver(name: string, type: string, tags: readonly string[], runId: string): boolean {
    if (!this.isFiltered || this.filter.includeParentIds === true || this.runOf(runId) !== undefined) return false;
    if (isWanted(this.filter, { name, type, tags })) return false;
    this.passedOver.add(runId);
    this.open++;
    return true;
  }

  protected override onPassedOver(runId: string): void {
    if (this.passedOver.delete(runId)) this.open--;
  }

  protected override onStart(run: ReportedRun): undefined | Promise<void> {
    const { name, tags } = run;
    const parents = this.filter.includeParentIds === true ? this.parentsOf(run) : NO_PARENTS;
    const type = run.run_type === "llm" && run.inputs.messages !== undefined ? "chat_model" : run.run_type;
    const isShown = !this.isFiltered || isWanted(this.filter, { name, type, tags });
    const shown = { type, names: namesOf(type), parents, isWanted: isShown, by: undefined, passedOn: undefined };
    run.shown = shown;
    this.open++;
    if (isShown) {
      const input = run.id === this.root.id ? this.root.input : inputOf(run);
      const isKnown = input !== undefined || run.id === this.root.id;
      this.send(run, shown, shown.names.start, isKnown ? { input } : {});
    }
    return run.run_type === "llm" ? this.loadClasses(run) : undefined;
  }

  private parentsOf({ parent_run_id: id }: Run): readonly string[] {
    const parent = this.runOf(id)?.shown;
    return parent === undefined ? NO_PARENTS : [...parent.parents, id as string];
  }

  protected override onEnd(run: ReportedRun, error: unknown): void {
    const shown = run.shown as Shown;
    const { passedOn } = shown;
    if (passedOn === undefined) {
      this.reportEnd(run, shown, error);
      return;
    }
    const once = (): void => {
      if (this.heldBack.delete(once)) this.reportEnd(run, shown, error);
    };
    this.heldBack.add(once);
    passedOn.then(once);
  }

  private reportEnd(run: ReportedRun, shown: Shown, error: unknown): void {
    this.open--;
    if (!shown.isWanted) return;
    const input = run.run_type === "chain" || run.run_type === "prompt" ? unwrapped(run.inputs, "input") : inputOf(run);
    // LangChain has one event for errors, that of tools, and puts the text of the error into it.
    if (run.error !== undefined)
      this.send(run, shown, shown.names.error, { error: shown.type === "tool" ? run.error : error, input });
    else if (run.id === this.firstRun) this.send(run, shown, shown.names.end, { output: outputOf(run, shown) });
    else this.send(run, shown, shown.names.end, { output: outputOf(run, shown), input });
  }

  protected override onToken(run: ReportedRun, token: string, fields: { chunk?: unknown } | undefined): void {
    const { shown } = run;
    // The chunks of a model that is the whole chain are reported by the one who reads its stream.
    if (this.open === 1 || shown === undefined || shown.by !== undefined || !shown.isWanted) return;
    const given = fields?.chunk as { message?: unknown } | undefined;
    const chunk = shown.type === "chat_model" ? (given?.message ?? this.classes?.messageChunk(run, token)) : given;
    this.send(run, shown, shown.names.stream, { chunk: chunk ?? this.asChunk(shown, token) });
  }

  protected override onCustomEvent(run: ReportedRun, name: string, data: unknown): void {
    const { shown } = run;
    if (shown?.isWanted === true) this.send(run, shown, "on_custom_event", data, name);
  }

  /** A chunk as it is reported: that of a text model in LangChain's class. */
  private asChunk(shown: Shown, chunk: unknown): unknown {
    return shown.type === "llm" && typeof chunk === "string" ? (this.classes?.textChunk(chunk) ?? chunk) : chunk;
  }

  private send(run: BriefRun, { parents }: Shown, event: string, data: unknown, name = run.name): void {
    if (this.filter.excludeEvents?.includes(event) === true) return;
    const { id, tags, metadata = {} } = run;
    const told: StreamEvent = { event, name, run_id: id, tags, metadata, data };
    if (this.filter.includeParentIds === true) told.parent_ids = [...parents];
    if (this.firstRun === undefined) {
      this.firstRun = run.id;
      // The payload of a custom event belongs to whoever dispatched it.
      if (event !== "on_custom_event") told.data = { ...(data as object), input: this.root.input };
    }
    this.queue.push(told);
  }
}

/** The input of a run as its start reports it; nothing yet, when the input of a stream is still to come. */
function inputOf({ inputs, run_type }: Run): unknown {
  if (run_type === "llm" || run_type === "tool" || run_type === "retriever") return inputs;
  const input = unwrapped(inputs, "input");
  return input === "" ? undefined : input;
}

/** Undoes `asInput` and `asOutput`: the value behind the one key `key`. An object with other keys is the value itself. */
function unwrapped(reported: Record<string, unknown> | undefined, key: string): unknown {
  if (reported === undefined || !(key in reported)) return reported;
  for (const other in reported) if (other !== key) return reported;
  return reported[key];
}

function outputOf({ outputs, run_type }: Run, { type }: Shown): unknown {
  if (run_type === "retriever") return outputs?.documents ?? outputs;
  if (run_type !== "llm") return unwrapped(outputs, "output");
  const generations = outputs?.generations as
    | { text: string; message?: unknown; generationInfo?: unknown }[][]
    | undefined;
  if (type === "chat_model") return generations?.[0]?.[0]?.message;
  const texts = generations?.map((list) => list.map(({ text, generationInfo }) => ({ text, generationInfo })));
  return { generations: texts, llmOutput: outputs?.llmOutput ?? {} };
}
