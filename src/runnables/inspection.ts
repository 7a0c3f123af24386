import type { RunnableConfig } from "../core/config.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { lookInto } from "../core/stack-overflow.ts";
import { type RunnableStream, toStream } from "../core/streams/runnable-stream.ts";
import type { Graph } from "../graph/graph.ts";
import { graphOf } from "../graph/graph-of.ts";
import { AS_KIND } from "../graph/parts.ts";
import type { EventFilter } from "../observe/event-filter.ts";
import type { StreamEvent } from "../observe/event-stream.ts";
import type { RunLogPatch } from "../observe/run-log.ts";
import type { Plan } from "../plan/plan.ts";
import type { ResourceStatus, WarmOptions } from "../resources/status.ts";
import type { RunnableBase } from "./base.ts";
import { RunnableBatches } from "./batches.ts";
import { type ConfigSpec, specsInside } from "./inspect/config-specs.ts";
import { type AnalyzeOptions, analyze, explain } from "./inspect/explain.ts";
import { resourcesOf } from "./inspect/resources-of.ts";
import { RunnableStatistics } from "./inspect/statistics.ts";
import type { RunnableInterface } from "./types.ts";

/** The part of a runnable that tells of itself and of its runs: its graph, its plan, its resources, events and figures. */
export abstract class RunnableInspection<
  RunInput,
  RunOutput,
  CallOptions extends RunnableConfig,
> extends RunnableBatches<RunInput, RunOutput, CallOptions> {
  /**
   * The graph of this runnable and of what it is made of: branches, routes and retries are shown with their inside. LangChain's
   * runnables and LangGraph's graphs in it draw themselves.
   *
   * @param config The config for runnables that draw themselves, for example `{ xray: true }` for LangGraph.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const chain = RunnableLambda.from((x: number) => x + 1).pipe((x) => x * 2);
   * console.log(chain.getGraph().drawMermaid());
   * ```
   */
  getGraph(config?: RunnableConfig & { xray?: boolean | number }): Graph {
    return lookInto("getGraph", () => graphOf(this, config));
  }

  /**
   * Runs one input and reports what happens inside, step by step: starts, chunks, ends, and errors of all kinds of steps. Leaving the loop
   * aborts the run. With a filter too, the first event has the input of the call.
   *
   * @param options The config of the run, and `version`, LangChain's schema of events: `"v2"`, or the older `"v1"`. With `encoding:
   * "text/event-stream"` the stream has the bytes of server-sent events.
   * @param filter Selects the events to report, and with `includeParentIds`, whether they have the ids of the runs around theirs. @default
   * all
   * @throws RUNLANE_INVALID_CONFIG when there is no such version.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const chain = RunnableLambda.from((x: number) => x + 1).pipe((x) => x * 2);
   * for await (const { event, name, data } of chain.streamEvents(1, { version: "v2" })) console.log(event, name, data);
   * ```
   */
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding: "text/event-stream" },
    filter?: EventFilter,
  ): RunnableStream<Uint8Array>;
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2" },
    filter?: EventFilter,
  ): RunnableStream<StreamEvent>;
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding?: "text/event-stream" | undefined },
    filter: EventFilter = {},
  ): RunnableStream<StreamEvent> | RunnableStream<Uint8Array> {
    const { version, encoding, ...config } = options;
    if (version !== "v1" && version !== "v2") {
      const expected = '"v1" or "v2"';
      throw runlaneError("RUNLANE_INVALID_CONFIG", { key: "version", expected, received: describe(version) });
    }
    const controller = new AbortController();
    const leave = (): void => controller.abort();
    const events = eventsOf(version, this, input, config, filter, controller);
    return encoding === "text/event-stream" ? toStream(encoded(events), leave) : toStream(events, leave);
  }

  /**
   * Runs one input and yields the patches of its log, LangChain's older form of `streamEvents`.
   *
   * @param filter Selects the steps to log. @default all
   */
  async *streamLog(
    input: RunInput,
    options: Partial<CallOptions> = {},
    filter: EventFilter = {},
  ): AsyncGenerator<RunLogPatch, void> {
    const { streamRunLog } = await import("../observe/log-stream.ts");
    yield* streamRunLog(this as RunnableBase, input, options, filter);
  }

  /**
   * Loads everything that this runnable uses, in parallel, on each thread that will serve it: resources on the event loop, modules, and
   * on lanes all workers with their steps and resources. After that, no first input waits.
   *
   * @param options `onProgress`: called each time that a part has become ready. `signal`: ends the waiting.
   * @throws The error of a load: RUNLANE_RESOURCE_LOAD, RUNLANE_RESOURCE_TIMEOUT, RUNLANE_WORKER_START; an `AbortError`.
   * @example
   * ```ts
   * import { resource, RunnableLambda } from "runlane";
   *
   * const stopWords = resource("stop words", () => new Set(["the", "of", "and"]));
   * const content = RunnableLambda.from(
   *   (text: string, { uses }) => text.split(" ").filter((word) => !uses.stopWords.has(word)),
   *   { uses: { stopWords } },
   * );
   * await content.warm();
   * console.log(content.resources()[0]?.state); // "ready"
   * ```
   */
  async warm(options: WarmOptions = {}): Promise<void> {
    const { warmRunnable } = await import("./inspect/warm.ts");
    await warmRunnable(this, options);
  }

  /** The resources that this runnable uses: one row for each on the event loop, and one for each worker of a lane that has it. */
  resources(): ResourceStatus[] {
    return lookInto("resources", () => resourcesOf(this));
  }

  /**
   * How this runnable runs a batch: its steps, in stages, each with its lane and the reason for it. Printed, it is a table.
   *
   * @param options With `analyze` and `inputs`, the inputs are run, and the plan says what each step took: a promise then. Inputs that
   *   fail are counted, and reject nothing.
   * @throws RUNLANE_INVALID_OPTION
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const limit = 3;
   * const chain = RunnableLambda.from((text: string) => text.slice(0, limit)).pipe(async (text: string) => text.length);
   * console.log(chain.explain()); // why the first step could not move to threads: `limit`, with its line
   * console.log(await chain.explain({ analyze: true, inputs: ["to be", "or not"] }));
   * ```
   */
  explain(): Plan;
  explain(options: AnalyzeOptions<RunInput>): Promise<Plan>;
  explain(options?: AnalyzeOptions<RunInput>): Plan | Promise<Plan> {
    return options?.analyze === true
      ? analyze(this as unknown as RunnableInterface, options)
      : lookInto("explain", () => explain(this));
  }

  /**
   * Begins to measure the calls made on this runnable: `invoke`, `batch`, `batchStream`, `batchAsCompleted`, `stream`. Callbacks go on
   * beside it. Where nothing is measured it costs nothing; stop it when it has told enough.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const chain = RunnableLambda.from((text: string) => text.split(" ")).pipe((words) => words.length);
   * const stats = chain.stats();
   * await chain.batch(["to be", "or not to be"]);
   * console.log(stats.rows().map(({ name, inputs }) => [name, inputs]));
   * stats.stop();
   * ```
   */
  stats(): RunnableStatistics {
    return new RunnableStatistics(this as unknown as RunnableInterface);
  }

  /** The keys of `config.configurable` that this runnable and all steps inside it read. */
  configSpecs(): ConfigSpec[] {
    return lookInto("configSpecs", () => specsInside(this.node));
  }
}

Object.defineProperty(RunnableInspection.prototype.getGraph, AS_KIND, { value: true });

/** The module that makes the events of version 2, once it is loaded: to import it again costs as much as ten events. */
let eventsV2: typeof import("../observe/stream-events.ts") | undefined;

/** The events of a run. The code that makes them is loaded when the first one is asked for. */
function eventsOf(
  version: "v1" | "v2",
  runnable: RunnableBase,
  input: unknown,
  config: Partial<RunnableConfig>,
  filter: EventFilter,
  controller: AbortController,
): AsyncIterable<StreamEvent> {
  const open = async (): Promise<AsyncIterator<StreamEvent>> => {
    if (version === "v1") {
      const { streamEventsV1 } = await import("../observe/stream-events-v1.ts");
      return streamEventsV1(runnable, input, config, filter, controller);
    }
    eventsV2 ??= await import("../observe/stream-events.ts");
    return eventsV2.streamEventsV2(runnable, input, config, filter, controller);
  };
  if (version === "v2" && eventsV2 !== undefined) {
    const opened = eventsV2.streamEventsV2(runnable, input, config, filter, controller);
    return { [Symbol.asyncIterator]: () => opened };
  }
  let events: AsyncIterator<StreamEvent> | undefined;
  const opening = open().then((opened) => {
    events = opened;
    return opened;
  });
  // Not a generator: one around what is inside would cost each event three promises.
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events?.next() ?? opening.then((opened) => opened.next()),
      return: async (value) => (await (await opening).return?.(value)) ?? { done: true, value: undefined },
    }),
  };
}

async function* encoded(events: AsyncIterable<StreamEvent>): AsyncGenerator<Uint8Array, void> {
  const { encodeEvents } = await import("../observe/sse.ts");
  yield* encodeEvents(events);
}
