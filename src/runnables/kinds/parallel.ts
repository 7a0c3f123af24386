import { Gather } from "../../batching/gather.ts";
import type { Slot } from "../../core/budget.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { setOwn } from "../../core/own.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import { type Chunks, closeQuietly, mergeChunks, SingleChunk, tee } from "../../core/streams/chunks.ts";
import { type Join, joinByKey, joinedBy, joinOf } from "../../core/streams/joins.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import { Graph } from "../../graph/graph.ts";
import { type Drawable, embed } from "../../graph/parts.ts";
import { anySchema } from "../../graph/schema.ts";
import { coerce, outputJoinOf, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableMapLike } from "../types.ts";

/**
 * Runs several steps on the same input and gives an object of their outputs, its keys in the order in which they were declared. A
 * plain object in a chain becomes one. `RunnableMap` is its other name.
 *
 * `maxConcurrency` bounds the branches too. When streaming, `{ [key]: chunk }` is emitted as chunks come.
 *
 * @example
 * ```ts
 * import { RunnableParallel } from "runlane";
 *
 * const both = RunnableParallel.from({ length: (text: string) => text.length, upper: (text: string) => text.toUpperCase() });
 * await both.invoke("abc"); // { length: 3, upper: "ABC" }
 * ```
 */
export class RunnableParallel<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput extends Record<string, any> = Record<string, any>,
> extends Runnable<RunInput, RunOutput> {
  /** The steps by key. */
  readonly steps: Readonly<Record<string, RunnableInterface<RunInput>>>;
  private readonly keys: readonly string[];
  readonly path: readonly Step[];
  /** The tag that tells observers the key of each branch, in the order of the keys. */
  private readonly tags: readonly string[];
  private fused: { readonly stages: readonly Step[] | undefined } | undefined;

  /** @throws RUNLANE_INVALID_STEPS, RUNLANE_NOT_RUNNABLE */
  constructor(fields: { steps: RunnableMapLike<RunInput, RunOutput> }) {
    super();
    const { steps } = fields;
    if (typeof steps !== "object" || steps === null || Array.isArray(steps)) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableParallel",
        expected: "an object of steps",
        received: describe(steps),
      });
    }
    const runnables = Object.entries(steps).map(
      ([key, step]) => [key, coerce(step, `The step "${key}" of a RunnableParallel`)] as const,
    );
    this.steps = Object.freeze(Object.fromEntries(runnables));
    this.keys = runnables.map(([key]) => key);
    this.tags = this.keys.map((key) => `map:key:${key}`);
    this.path = runnables.map(([, runnable]) => toStep(runnable));
  }

  static override lc_name(): string {
    return "RunnableMap";
  }

  /** The parallel of an object of steps. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  static from<RunInput, RunOutput extends Record<string, any> = Record<string, any>>(
    steps: RunnableMapLike<RunInput, RunOutput>,
  ): RunnableParallel<RunInput, RunOutput> {
    return new RunnableParallel<RunInput, RunOutput>({ steps });
  }

  override get node(): RunnableNode {
    return { kind: "parallel", name: this.name, steps: this.steps };
  }

  /** The keys of the output, in order. */
  getStepsKeys(): string[] {
    return [...this.keys];
  }

  override get trace(): Trace {
    return FANS_OUT;
  }

  get stages(): readonly Step[] | undefined {
    this.fused ??= { stages: this.hop() };
    return this.fused.stages;
  }

  private hop(): readonly Step[] | undefined {
    const { path, keys } = this;
    const both = path[0]?.fuseBranches?.(Object.fromEntries(keys.map((key, index) => [key, path[index] as Step])));
    return both && [both];
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    if (ctx.slot !== null) return this.runBounded(input, ctx, ctx.slot);
    const { keys, path, tags } = this;
    if (keys.length >= MANY_BRANCHES) ctx.scope?.share();
    const output: Record<string, unknown> = {};
    let pending: string[] | undefined;
    try {
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index] as string;
        const out = startStep(path[index] as Step, input, ctx, tags[index]);
        setOwn(output, key, out);
        if (isThenable(out)) {
          pending ??= [];
          pending.push(key);
        }
      }
    } catch (error) {
      for (const key of pending ?? []) ignoreRejection(output[key] as PromiseLike<unknown>);
      throw error;
    }
    return (pending === undefined ? output : settleAll(output, pending)) as RunOutput | PromiseLike<RunOutput>;
  }

  private runBounded(input: RunInput, ctx: RunContext, slot: Slot): RunOutput | PromiseLike<RunOutput> {
    const { keys, path, tags } = this;
    const launch = (index: number, branchSlot: Slot | null): unknown =>
      startStep(path[index] as Step, input, ctx.with({ slot: branchSlot }), tags[index]);
    const outputs = new Gather(keys.length, launch, { slot }).run();
    const assemble = (values: unknown[]): RunOutput =>
      Object.fromEntries(keys.map((key, index) => [key, values[index]])) as RunOutput;
    return isThenable(outputs) ? (outputs as Promise<unknown[]>).then(assemble) : assemble(outputs);
  }

  protected override get innerJoin(): Join {
    return joinByKey(this.keys, (key) => outputJoinOf(this.steps[key] as RunnableInterface));
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    const streams = new Map<string, Chunks<unknown>>();
    const join = joinByKey(this.keys, (key) => {
      const stream = streams.get(key);
      return stream && joinOf(stream);
    });
    return joinedBy(this.streamBranches(chunks, ctx, streams), join);
  }

  private async *streamBranches(
    chunks: Chunks<RunInput>,
    ctx: RunContext,
    streams: Map<string, Chunks<unknown>>,
  ): AsyncGenerator<RunOutput, void> {
    const { keys, path, tags } = this;
    const inputs = tee(chunks, keys.length);
    for (const [index, branch] of path.entries())
      streams.set(keys[index] as string, streamStep(branch, inputs[index] as Chunks<RunInput>, ctx, tags[index]));
    if ([...streams.values()].every((stream) => stream instanceof SingleChunk)) {
      for (const [key, stream] of streams) yield { [key]: (stream as SingleChunk<unknown>).value } as RunOutput;
      return;
    }
    try {
      for await (const [key, chunk] of mergeChunks([...streams])) yield { [key]: chunk } as RunOutput;
    } finally {
      // A branch that has not begun to read does not let go of its input by itself.
      for (const input of inputs) if (!(input instanceof SingleChunk)) closeQuietly(input[Symbol.asyncIterator]());
    }
  }
}

/** The number of listeners on one signal that Node takes for a leak. */
const MANY_BRANCHES = 10;

const FANS_OUT: Trace = { whole: true, wrapsInput: true, stream: "deferred" };

/** Puts the outputs of promises into their places, which keeps the order of the keys. */
function settleAll(output: Record<string, unknown>, pending: readonly string[]): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let remaining = pending.length;
    for (const key of pending) {
      Promise.resolve(output[key]).then((value) => {
        output[key] = value;
        if (--remaining === 0) resolve(output);
      }, reject);
    }
  });
}

defineKind("parallel", {
  type: RunnableParallel,
  fields: { name: "data", steps: "stepMap" },
  fansOut: true,
  saved: { fields: ({ steps }) => ({ steps }), maps: ["steps"], names: ["RunnableParallel"] },
  draw(_runnable, { name, steps }: { name?: string; steps: Record<string, Drawable> }, config) {
    const graph = new Graph();
    const title = name ?? `Parallel<${Object.keys(steps).join(",")}>`;
    const input = graph.addNode(anySchema(`${title}Input`));
    const output = graph.addNode(anySchema(`${title}Output`));
    if (Object.keys(steps).length === 0) graph.addEdge(input, output);
    for (const [key, step] of Object.entries(steps)) {
      const [first, last] = embed(graph, step, config);
      graph.addEdge(input, first, key);
      graph.addEdge(last, output);
    }
    return graph;
  },
});
