import { OwnBatchHandle } from "../../batching/own-batch.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { JOINS, type Step, type Trace } from "../../core/step.ts";
import { type RunnableStream, toStream } from "../../core/streams/runnable-stream.ts";
import type { EventFilter } from "../../observe/event-filter.ts";
import type { StreamEvent } from "../../observe/event-stream.ts";
import { type RunLogOp, RunLogPatch } from "../../observe/run-log.ts";
import { encodeEvents } from "../../observe/sse.ts";
import type { Placement } from "../../plan/placement.ts";
import { defineKind, type RunnableNode } from "../../runnables/registry.ts";
import { Runnable } from "../../runnables/runnable.ts";
import { loadWireReader, type WireReader } from "../wire/from-wire.ts";
import { toWire } from "../wire/to-wire.ts";
import { readEvents } from "./events.ts";
import { checkFields, DEFAULT_BATCH_SIZE, DEFAULT_CONFIG_KEYS, type RemoteRunnableFields } from "./options.ts";
import { RemoteRequests } from "./request.ts";

/**
 * A runnable that runs somewhere else: behind `runlane serve`, `createServer`, or a LangServe server. It is a step like any other. Its
 * inputs and outputs travel as JSON; LangChain's messages and documents arrive as such where `@langchain/core` is installed.
 *
 * A batch sends many inputs in each request. As the server answers them together, one that fails there fails those of its request.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { RemoteRunnable } from "runlane/remote";
 * import { createServer } from "runlane/serve";
 *
 * await using server = createServer({ shout: RunnableLambda.from((text: string) => text.toUpperCase()) });
 * const { url } = await server.listen({ port: 0 });
 * const shout = new RemoteRunnable<string, string>({ url: `${url}/shout` });
 * await shout.pipe((text) => `${text}!`).batch(["a", "b"]); // ["A!", "B!"]
 * ```
 */
export class RemoteRunnable<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly url: string;
  private readonly fields: RemoteRunnableFields;
  private readonly requests: RemoteRequests;
  private reader: Promise<WireReader> | undefined;

  /** @throws RUNLANE_INVALID_OPTION */
  constructor(fields: RemoteRunnableFields) {
    super();
    checkFields(fields);
    this.fields = fields;
    this.url = fields.url;
    this.name = fields.name;
    this.requests = new RemoteRequests(this.getName(), fields);
  }

  static override lc_name(): string {
    return "RemoteRunnable";
  }

  override get node(): RunnableNode {
    return { kind: "remote", ...this.fields };
  }

  /** One run for each call, whatever runs the server has. */
  override get trace(): Trace | undefined {
    return JOINS;
  }

  get placement(): Placement {
    return { lane: "loop", isInline: true, why: `runs at ${new URL(this.url).host}` };
  }

  /** One stage, which sends requests of many inputs. */
  get stages(): readonly Step[] | undefined {
    return this.batchSize > 1 ? [this] : undefined;
  }

  openFeed(feed: InputSource, ctx: RunContext): FeedHandle {
    const runMany = (inputs: unknown[]) => this.runMany(inputs, ctx);
    return new OwnBatchHandle(feed, runMany, this.label, ctx.observer?.stage?.(this), this.batchSize);
  }

  /** @throws RUNLANE_REMOTE_FAILED */
  override async run(input: RunInput, ctx: RunContext): Promise<RunOutput> {
    const body = { input: toWire(input), config: this.sent(ctx.config), kwargs: {} };
    const response = await this.requests.post("invoke", body, ctx.config.signal);
    const { output } = (await response.json()) as { output: unknown };
    return (await this.read())(output) as RunOutput;
  }

  protected override async *streamWhole(input: RunInput, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    const read = await this.read();
    for await (const chunk of this.eventsOf("stream", input, ctx.config)) yield read(chunk) as RunOutput;
  }

  /**
   * The events of the steps on the server, as the server tells them. In a chain that this runnable is a step of, it is one step.
   *
   * @throws RUNLANE_REMOTE_FAILED
   */
  override streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding: "text/event-stream" },
    filter?: EventFilter,
  ): RunnableStream<Uint8Array>;
  override streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2" },
    filter?: EventFilter,
  ): RunnableStream<StreamEvent>;
  override streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding?: "text/event-stream" | undefined },
    filter: EventFilter = {},
  ): RunnableStream<StreamEvent> | RunnableStream<Uint8Array> {
    const { version, encoding, ...config } = options;
    // The older events are made of those of this one step; servers tell the newer ones only.
    if (version !== "v2")
      return super.streamEvents(input, { ...(config as unknown as Partial<CallOptions>), version }, filter);
    const events = this.eventsOf("stream_events", input, config, filter) as AsyncGenerator<StreamEvent, void>;
    return encoding === "text/event-stream" ? toStream(encodeEvents(events)) : toStream(events);
  }

  /** The log of the steps on the server, as patches. @throws RUNLANE_REMOTE_FAILED */
  override async *streamLog(
    input: RunInput,
    options: Partial<CallOptions> = {},
    filter: EventFilter = {},
  ): AsyncGenerator<RunLogPatch, void> {
    for await (const patch of this.eventsOf("stream_log", input, options, filter))
      yield new RunLogPatch(patch as { ops: RunLogOp[] });
  }

  private get batchSize(): number {
    return this.fields.batchSize ?? DEFAULT_BATCH_SIZE;
  }

  private async runMany(inputs: unknown[], ctx: RunContext): Promise<readonly unknown[]> {
    const body = { inputs: inputs.map(toWire), config: this.sent(ctx.config), kwargs: {} };
    const response = await this.requests.post("batch", body, ctx.config.signal);
    const { output } = (await response.json()) as { output: unknown[] };
    const read = await this.read();
    return output.map((one) => read(one));
  }

  private async *eventsOf(
    endpoint: string,
    input: unknown,
    config: Partial<RunnableConfig>,
    filter: EventFilter = {},
  ): AsyncGenerator<unknown, void> {
    const body = { input: toWire(input), config: this.sent(config), kwargs: {}, ...wireFilter(filter) };
    yield* readEvents(await this.requests.post(endpoint, body, config.signal), this.label);
  }

  private read(): Promise<WireReader> {
    this.reader ??= loadWireReader();
    return this.reader;
  }

  private sent(config: Partial<RunnableConfig>): Record<string, unknown> {
    const keys = this.fields.configKeys ?? DEFAULT_CONFIG_KEYS;
    const sent = keys.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]);
    return Object.fromEntries(sent) as Record<string, unknown>;
  }
}

function wireFilter(filter: EventFilter): Record<string, unknown> {
  const entries = Object.entries(filter).map(([key, value]) => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

defineKind("remote", {
  type: RemoteRunnable,
  fields: {
    name: "data",
    url: "data",
    headers: { stays: "has headers that may be secret, or a function that makes them" },
    timeoutMs: "data",
    retries: "data",
    batchSize: "data",
    configKeys: "data",
    fetch: { stays: "has a fetch of its own" },
  },
  saved: "an address and headers are settings of one place",
});
