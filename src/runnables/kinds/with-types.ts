import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { Fifo } from "../../core/fifo.ts";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { invalidSchema } from "../../core/schema/invalid-schema.ts";
import { isJsonSchema } from "../../core/schema/json-schema.ts";
import {
  isStandardSchema,
  parseWith,
  type SchemaIssue,
  type StandardSchema,
  validationError,
} from "../../core/schema/standard-schema.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { type Chunks, promised, SingleChunk } from "../../core/streams/chunks.ts";
import { laterChunks } from "../../core/streams/joins.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import { graphOfPart, withSchemas } from "../../graph/parts.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { WrappedSource, WrappedStage } from "../wrapped-stage.ts";
import { RunnableWrapper } from "../wrapper.ts";

/** The schemas of the input and the output of a runnable. */
export interface TypeSchemas<
  Input extends StandardSchema = StandardSchema,
  Output extends StandardSchema = StandardSchema,
> {
  /** Validates the input before the step, which gets the parsed value. */
  readonly input?: Input | undefined;
  /** Validates the output of the step; the parsed value is the output. */
  readonly output?: Output | undefined;
}

/**
 * A runnable whose input and output are validated by schemas. This is what `withTypes` makes. It has no run of its own: observers see
 * the runnable inside.
 *
 * An input schema needs the whole input: chunks of a stream are joined first. An output schema needs the whole output: a stream then
 * gives the validated value as its one chunk, so that nothing leaves unvalidated and a stream gives what `invoke` gives.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { z } from "zod";
 *
 * const area = RunnableLambda.from((side: number) => side ** 2).withTypes({ input: z.coerce.number<string>(), output: z.number() });
 * await area.invoke("3"); // 9
 * ```
 */
export class RunnableWithTypes<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface;
  readonly inputSchema: StandardSchema | undefined;
  readonly outputSchema: StandardSchema | undefined;
  private readonly parseInput: Parse | undefined;
  private readonly parseOutput: Parse | undefined;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_SCHEMA */
  constructor(fields: { bound: RunnableLike; types: TypeSchemas }) {
    super(fields.bound, "The bound of a RunnableWithTypes");
    this.bound = this.wrapped;
    const { input, output } = checkTypes(fields.types);
    this.inputSchema = input;
    this.outputSchema = output;
    this.parseInput = this.parser(input, "input");
    this.parseOutput = this.parser(output, "output");
  }

  static override lc_name(): string {
    return "RunnableWithTypes";
  }

  override get node(): RunnableNode {
    return { kind: "withTypes", bound: this.bound, types: { input: this.inputSchema, output: this.outputSchema } };
  }

  /** The stages with the input validated before the first one, and the output after the last one. */
  protected override wrapStages(stages: readonly Step[] | undefined): readonly Step[] | undefined {
    return stages?.map((stage, index) => {
      const input = index === 0 ? this.parseInput : undefined;
      const output = index === stages.length - 1 ? this.parseOutput : undefined;
      const checks = [input && "validates its input", output && "validates its output"].filter(Boolean);
      return new WrappedStage(stage, {
        run: (value, ctx) =>
          parsedBy(
            output,
            parsedBy(input, value, (parsed) => stage.run(parsed, ctx)),
          ),
        openFeed: (feed, ctx) => TypedSource.open(stage, feed, ctx, input, output),
        why: checks.length === 0 ? undefined : checks.join(", "),
      });
    });
  }

  /** @throws RUNLANE_VALIDATION_FAILED */
  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return parsedBy(this.parseInput, input, (parsed) => this.runParsed(parsed, ctx)) as RunOutput;
  }

  /** Joins the chunks where there is a schema: schemas validate whole values. */
  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    return this.streamGathered(chunks, ctx);
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    const parsed = this.parseInput === undefined ? input : this.parseInput(input);
    if (!isThenable(parsed)) return this.streamParsed(parsed, ctx);
    ignoreRejection(parsed);
    return this.streamPromised(parsed, ctx);
  }

  private parser(schema: StandardSchema | undefined, side: "input" | "output"): Parse | undefined {
    if (schema === undefined) return undefined;
    const refuse = (issues: readonly SchemaIssue[]) => validationError(this.label, side, issues);
    return (value) => parseWith(schema, value, refuse);
  }

  private runParsed(input: unknown, ctx: RunContext): unknown {
    return parsedBy(this.parseOutput, startCall(this.step, input, ctx));
  }

  private streamParsed(input: unknown, ctx: RunContext): Chunks<RunOutput> {
    if (this.parseOutput === undefined) return streamCall<RunOutput>(this.step, new SingleChunk(input), ctx);
    const output = this.runParsed(input, ctx);
    if (!isThenable(output)) return new SingleChunk(output as RunOutput);
    return promised(output as PromiseLike<RunOutput>);
  }

  private streamPromised(input: PromiseLike<unknown>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(async () => this.streamParsed(await input, ctx));
  }
}

/** Gives the parsed value, or a promise of it. @throws RUNLANE_VALIDATION_FAILED */
type Parse = (value: unknown) => unknown;

/** Parses a value, or the one that a promise settles to, and hands it to `next`. */
function parsedBy(parse: Parse | undefined, value: unknown, next?: (parsed: unknown) => unknown): unknown {
  if (isThenable(value)) return value.then((settled) => parsedBy(parse, settled, next));
  const parsed = parse === undefined ? value : parse(value);
  if (next === undefined) return parsed;
  return isThenable(parsed) ? parsed.then(next) : next(parsed);
}

/** The inputs of a batch on their way to a lane, validated before a worker has room for them. */
class TypedSource extends WrappedSource {
  private handle: FeedHandle | undefined;
  /** The key of the input that is taken next, and the input as parsed; no key while there is none. */
  private nextKey: number | undefined;
  private next: unknown;
  /** The inputs whose schema was async, as parsed. */
  private readonly later = new Fifo<readonly [key: number, input: unknown]>();

  static open(
    stage: Step,
    feed: InputSource,
    ctx: RunContext,
    input: Parse | undefined,
    output: Parse | undefined,
  ): FeedHandle | undefined {
    if (input === undefined && output === undefined) return stage.openFeed?.(feed, ctx);
    const source = new TypedSource(feed, input, output);
    source.handle = stage.openFeed?.(source, ctx);
    return source.handle;
  }

  private constructor(
    source: InputSource,
    private readonly input: Parse | undefined,
    private readonly output: Parse | undefined,
  ) {
    super(source);
  }

  override get waiting(): number {
    const { source, input, later } = this;
    if (input === undefined) return source.waiting;
    while (this.nextKey === undefined && later.length === 0 && source.waiting > 0) this.prepare(input);
    const ready = (this.nextKey === undefined ? 0 : 1) + later.length;
    return ready === 0 ? 0 : ready + source.waiting;
  }

  private prepare(parse: Parse): void {
    const { source } = this;
    const key = source.take();
    let parsed: unknown;
    try {
      parsed = parse(source.inputOf(key));
    } catch (error) {
      // Not now: somebody is looking how many inputs there are.
      queueMicrotask(() => source.reject(key, error));
      return;
    }
    if (isThenable(parsed)) this.prepareLater(key, parsed);
    else {
      this.nextKey = key;
      this.next = parsed;
    }
  }

  private prepareLater(key: number, parsed: PromiseLike<unknown>): void {
    parsed.then(
      (value) => {
        this.later.push([key, value]);
        this.handle?.wake();
      },
      (error) => this.source.reject(key, error),
    );
  }

  override take(): number {
    if (this.input === undefined) return super.take();
    const key = this.nextKey;
    if (key !== undefined) {
      this.nextKey = undefined;
      return key;
    }
    const [laterKey, value] = this.later.shift()!;
    this.next = value;
    return laterKey;
  }

  override inputOf(key: number): unknown {
    if (this.input === undefined) return super.inputOf(key);
    const { next } = this;
    this.next = undefined;
    return next;
  }

  override fulfil(key: number, output: unknown): void {
    const { source } = this;
    let parsed: unknown;
    try {
      parsed = this.output === undefined ? output : this.output(output);
    } catch (error) {
      source.reject(key, error);
      return;
    }
    if (isThenable(parsed))
      parsed.then(
        (value) => source.fulfil(key, value),
        (error) => source.reject(key, error),
      );
    else source.fulfil(key, parsed);
  }
}

/** @throws RUNLANE_INVALID_SCHEMA */
function checkTypes(types: unknown): TypeSchemas {
  if (typeof types !== "object" || types === null || isStandardSchema(types) || isJsonSchema(types)) {
    throw invalidSchema("The argument of withTypes", "an object with input and output schemas", types);
  }
  for (const [key, schema] of Object.entries(types)) {
    if (key !== "input" && key !== "output") {
      throw invalidSchema("The argument of withTypes", "an object with only the keys input and output", types);
    }
    if (schema !== undefined && !isStandardSchema(schema)) {
      const expected = "a schema that follows Standard Schema (of zod, valibot, arktype and others)";
      throw invalidSchema(`The ${key} of withTypes`, expected, schema);
    }
  }
  return types;
}

defineKind("withTypes", {
  type: RunnableWithTypes,
  build(node: { bound: Runnable; types: TypeSchemas }) {
    const typed = new RunnableWithTypes(node);
    return typed.inputSchema === undefined && typed.outputSchema === undefined ? node.bound : typed;
  },
  fields: { bound: "step", types: "local" },
  stays:
    "checks values by schemas, and schemas are functions of this thread; put withTypes around the step with the lane",
  saved: "its schemas have functions",
  draw: (_runnable, { bound, types }: { bound: Runnable; types: TypeSchemas }, config) =>
    withSchemas(graphOfPart(bound, config), types.input, types.output),
});
