import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
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
import type { Step, Trace } from "../../core/step.ts";
import { type Chunks, promised, SingleChunk } from "../../core/streams/chunks.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import { graphOfPart, withSchemas } from "../../graph/parts.ts";
import { coerce, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/** The schemas of what a runnable takes and gives. */
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
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface;
  readonly inputSchema: StandardSchema | undefined;
  readonly outputSchema: StandardSchema | undefined;
  private readonly step: Step;
  private readonly refuseInput = (issues: readonly SchemaIssue[]) => validationError(this.label, "input", issues);
  private readonly refuseOutput = (issues: readonly SchemaIssue[]) => validationError(this.label, "output", issues);

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_SCHEMA */
  constructor(fields: { bound: RunnableLike; types: TypeSchemas }) {
    super();
    this.bound = coerce(fields.bound, "The bound of a RunnableWithTypes");
    const { input, output } = checkTypes(fields.types);
    this.inputSchema = input;
    this.outputSchema = output;
    this.step = toStep(this.bound);
  }

  static override lc_name(): string {
    return "RunnableWithTypes";
  }

  override get node(): RunnableNode {
    return { kind: "withTypes", bound: this.bound, types: { input: this.inputSchema, output: this.outputSchema } };
  }

  override getName(suffix?: string): string {
    return this.bound.getName(suffix);
  }

  override get label(): string {
    return this.step.label;
  }

  /** Its runs are those of the runnable inside. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  /** @throws RUNLANE_VALIDATION_FAILED */
  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const parsed = this.parseInput(input);
    return isThenable(parsed) ? parsed.then((value) => this.runParsed(value, ctx)) : this.runParsed(parsed, ctx);
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    const parsed = this.parseInput(input);
    if (!isThenable(parsed)) return this.streamParsed(parsed, ctx);
    ignoreRejection(parsed);
    return this.streamPromised(parsed, ctx);
  }

  /** Joins two chunks as the bound runnable joins them. */
  override _concatOutputChunks<O>(first: O, second: O): O {
    return this.concatAs(this.bound as Partial<Runnable>, first, second);
  }

  private parseInput(input: unknown): unknown {
    return this.inputSchema === undefined ? input : parseWith(this.inputSchema, input, this.refuseInput);
  }

  private parseOutput(output: unknown): RunOutput | PromiseLike<RunOutput> {
    const { outputSchema } = this;
    if (outputSchema === undefined) return output as RunOutput;
    return parseWith(outputSchema as StandardSchema<unknown, RunOutput>, output, this.refuseOutput);
  }

  private runParsed(input: unknown, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const output: unknown = startCall(this.step, input, ctx);
    return isThenable(output) ? output.then((value) => this.parseOutput(value)) : this.parseOutput(output);
  }

  private streamParsed(input: unknown, ctx: RunContext): Chunks<RunOutput> {
    if (this.outputSchema === undefined) return streamCall<RunOutput>(this.step, new SingleChunk(input), ctx);
    const output = this.runParsed(input, ctx);
    if (!isThenable(output)) return new SingleChunk(output as RunOutput);
    return promised(output as PromiseLike<RunOutput>);
  }

  private async *streamPromised(input: PromiseLike<unknown>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    yield* this.streamParsed(await input, ctx);
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
