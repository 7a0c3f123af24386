import { captureContext } from "../../core/async-context.ts";
import type { Pacer, RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startWatched, streamStep } from "../../core/start-step.ts";
import { COMPOSES, type Step, type SyncFunction, type Trace } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { onFreshStack, STEPS_PER_STACK } from "../../core/streams/fresh-stack.ts";
import type { Join } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import { Graph } from "../../graph/graph.ts";
import { type Drawable, type Ends, embed } from "../../graph/parts.ts";
import { fuse, stagesOf } from "../../plan/stages.ts";
import { coerce, outputJoinOf, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { NextStep, Piped, RunnableInterface, RunnableLike, StepFunc, StepOutput } from "../types.ts";

/** The fields that a {@link RunnableSequence} is constructed from, in LangChain's form. */
export interface RunnableSequenceFields<RunInput, RunOutput> {
  /** The first step, which gets the input. */
  first: RunnableLike<RunInput>;
  /** The steps between the first and the last. @default none */
  // biome-ignore lint/suspicious/noExplicitAny: what flows between inner steps is theirs to know
  middle?: RunnableLike<any, any>[];
  /** The last step, which gives the output. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  last: RunnableLike<any, RunOutput>;
  /** The name of the sequence and its runs. @default "RunnableSequence" */
  name?: string | undefined;
  /** Kept for LangChain: whether observers get no `seq:step:N` tags. */
  omitSequenceTags?: boolean;
}

/**
 * Runs steps one after the other, each on the output of the one before. This is what `pipe` makes.
 *
 * As long as steps return at once, it is a plain loop of calls. From the first promise on, the rest follows in callbacks of one
 * promise. Streams flow through step by step, nested and bound sequences included.
 *
 * @example
 * ```ts
 * import { RunnableSequence } from "runlane";
 *
 * const slug = RunnableSequence.from([(title: string) => title.trim(), (title: string) => title.toLowerCase().replaceAll(" ", "-")]);
 * await slug.invoke(" Hello World "); // "hello-world"
 * ```
 */
export class RunnableSequence<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
> extends Runnable<RunInput, RunOutput> {
  readonly omitSequenceTags: boolean;
  private made: Parts | null = null;
  /** The sequence and the steps that this one is made of, until somebody asks for the parts. */
  private extension: Extension | null = null;
  private stagesMade: { readonly stages: readonly Step[] | undefined } | undefined;
  /** @internal Whether the sequence was made without a `middle`, which then stays out of its serialized form. */
  readonly pair: boolean;

  /** @throws RUNLANE_NOT_RUNNABLE */
  constructor(fields: RunnableSequenceFields<RunInput, RunOutput>);
  constructor(fields: RunnableSequenceFields<RunInput, RunOutput> | Extension) {
    super();
    if (fields instanceof Extension) {
      this.extension = fields;
      this.omitSequenceTags = false;
      this.pair = false;
      return;
    }
    const { first, middle = [], last, name, omitSequenceTags = false } = fields;
    const steps = [first, ...middle, last].map((step, index) =>
      coerce(step, `Step ${index + 1} of a RunnableSequence`),
    );
    this.made = partsOf(steps, omitSequenceTags);
    this.omitSequenceTags = omitSequenceTags;
    this.pair = fields.middle === undefined;
    if (name !== undefined) this.name = name;
  }

  static override lc_name(): string {
    return "RunnableSequence";
  }

  /** The steps, in order. */
  get steps(): readonly RunnableInterface[] {
    return this.parts.steps;
  }

  get path(): readonly Step[] {
    return this.parts.path;
  }

  /** @internal The steps that run when nobody observes: neighbours on one lane are one step. Null when they are those of the path. */
  get fused(): readonly Step[] | null {
    return this.parts.fused;
  }

  private get parts(): Parts {
    return this.made ?? this.make();
  }

  private make(): Parts {
    const added: (readonly RunnableInterface[])[] = [];
    let before: RunnableSequence = this;
    for (let at = this.extension; before.made === null && at !== null; at = before.extension) {
      added.push(at.added);
      before = at.before;
    }
    this.made = partsOf([...before.steps, ...added.reverse().flat()], false);
    this.extension = null;
    return this.made;
  }

  /** Whether `thing` is a sequence, LangChain's or Runlane's. */
  // biome-ignore lint/suspicious/noExplicitAny: anything may be asked about
  static isRunnableSequence(thing: any): thing is RunnableSequence {
    return Runnable.isRunnable(thing) && Array.isArray((thing as { steps?: unknown }).steps);
  }

  /**
   * The sequence of some steps.
   *
   * @param steps At least two.
   * @param nameOrFields The name of the sequence, or its other fields.
   * @throws RUNLANE_INVALID_STEPS, RUNLANE_NOT_RUNNABLE
   */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  static from<RunInput = any, RunOutput = any, Result = never>(
    // biome-ignore lint/suspicious/noExplicitAny: what flows between inner steps is theirs to know
    steps: [RunnableLike<RunInput>, ...RunnableLike[], RunnableLike<any, RunOutput> | StepFunc<any, Result>],
    nameOrFields: string | { name?: string; omitSequenceTags?: boolean } = {},
  ): RunnableSequence<RunInput, StepOutput<RunOutput, Result>> {
    if (!Array.isArray(steps) || steps.length < 2) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableSequence.from",
        expected: "an array of at least two steps",
        received: describe(steps),
      });
    }
    const fields = typeof nameOrFields === "string" ? { name: nameOrFields } : nameOrFields;
    const [first, ...middle] = steps;
    const last = middle.pop() as RunnableLike;
    return new RunnableSequence({ ...fields, first, middle, last }) as RunnableSequence<
      RunInput,
      StepOutput<RunOutput, Result>
    >;
  }

  override get node(): RunnableNode {
    return { kind: "sequence", name: this.name, steps: this.steps, omitSequenceTags: this.omitSequenceTags };
  }

  override get trace(): Trace {
    return COMPOSES;
  }

  get stages(): readonly Step[] | undefined {
    this.stagesMade ??= { stages: stagesOf(this.path, (steps) => sequenceOf(steps as unknown as RunnableInterface[])) };
    return this.stagesMade.stages;
  }

  get syncFunctions(): readonly SyncFunction[] | undefined {
    const functions: SyncFunction[] = [];
    for (const { syncFunctions } of this.path) {
      if (syncFunctions === undefined || syncFunctions.length !== 1) return undefined;
      functions.push(syncFunctions[0]!);
    }
    return functions;
  }

  resume(at: number, out: unknown, input: unknown, ctx: RunContext): Promise<RunOutput> {
    const { path, tags } = this.parts;
    return follow(path, tags, at, Promise.resolve(out), input, ctx) as Promise<RunOutput>;
  }

  expectSlow(): void {
    for (const step of this.path) step.expectSlow?.();
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    if (ctx.watched) return this.runWatched(input, ctx);
    const { path: all, fused, tags } = this.made ?? this.make();
    const path = fused ?? all;
    let value: unknown = input;
    for (let index = 0; index < path.length; index++) {
      const out: unknown = (path[index] as Step).start(value, ctx);
      if (isThenable(out)) return follow(path, tags, index, out, value, ctx) as PromiseLike<RunOutput>;
      value = out;
    }
    return value as RunOutput;
  }

  /** Apart from {@link run}, whose loop the engine would make slower for good once it has seen a watched call. */
  private runWatched(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { path: all, fused, tags } = this.parts;
    const path = fused !== null && ctx.observer === null ? fused : all;
    let value: unknown = input;
    for (let index = 0; index < path.length; index++) {
      const out: unknown = startWatched(path[index] as Step, value, ctx, tags[index]);
      if (isThenable(out)) return follow(path, tags, index, out, value, ctx) as PromiseLike<RunOutput>;
      value = out;
    }
    return value as RunOutput;
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    let flowing: Chunks<unknown> = chunks;
    const { path, tags } = this.parts;
    for (let index = 0; index < path.length; index++) {
      flowing = streamStep(path[index] as Step, flowing, ctx, tags[index]);
      if ((index + 1) % STEPS_PER_STACK === 0) flowing = onFreshStack(flowing);
    }
    return flowing as Chunks<RunOutput>;
  }

  protected override get innerJoin(): Join | undefined {
    return outputJoinOf(this.steps.at(-1) as RunnableInterface);
  }

  override pipe<NewRunOutput, Result = never, Added = never>(
    next: NextStep<RunOutput, NewRunOutput, Result, Added>,
  ): RunnableSequence<RunInput, Piped<RunOutput, NewRunOutput, Result, Added>> {
    const step = coerce(next, "The argument of pipe");
    const [added, name] = step instanceof RunnableSequence ? [step.steps, this.name ?? step.name] : [[step], this.name];
    const piped = added.some(mayFuse) ? sequenceOf([...this.steps, ...added], name) : this.extended(added);
    if (name !== undefined) piped.name = name;
    return piped as RunnableSequence<RunInput, Piped<RunOutput, NewRunOutput, Result, Added>>;
  }

  /** This sequence and more steps. Costs the same however many steps there are; copying them, 10,000 times `pipe` took 10 s. */
  private extended(added: readonly RunnableInterface[]): RunnableSequence {
    return new (RunnableSequence as unknown as new (extension: Extension) => RunnableSequence)(
      new Extension(this, added),
    );
  }
}

interface Parts {
  readonly steps: readonly RunnableInterface[];
  readonly path: readonly Step[];
  /** The tag that tells observers the number of each step. */
  readonly tags: readonly string[];
  readonly fused: readonly Step[] | null;
}

function partsOf(all: RunnableInterface[], omitTags: boolean): Parts {
  const steps = Object.freeze(all);
  const path = steps.map(toStep);
  const fused = fuse(path);
  const tags = omitTags ? [] : steps.map((_, index) => `seq:step:${index + 1}`);
  return { steps, path, tags, fused: fused === path ? null : fused };
}

/** A sequence, and the steps that follow it. */
class Extension {
  constructor(
    readonly before: RunnableSequence,
    readonly added: readonly RunnableInterface[],
  ) {}
}

/** Whether a step may become one with its neighbour: then the parts are made at once, so that errors of that show in `pipe`. */
function mayFuse(step: RunnableInterface): boolean {
  return (step as Partial<Step>).fuse !== undefined;
}

/**
 * Goes on with a sequence from the step that made it wait: one promise for the rest, and no other object per step than the one that
 * `then` makes. A loop of `await`s costs 1.3 times ten hand-written ones (the engine saves the loop's state each time), this 1.05.
 */
function follow(
  path: readonly Step[],
  tags: readonly string[],
  from: number,
  first: PromiseLike<unknown>,
  firstInput: unknown,
  ctx: RunContext,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let index = from;
    let input = firstInput;
    const onSettled = (settled: unknown): void => {
      try {
        const out = ctx.watched ? settled : (path[index] as Step).finish(settled, input, ctx);
        if (isThenable(out)) Promise.resolve(out).then(onOutput, reject);
        else onOutput(out);
      } catch (error) {
        reject(error);
      }
    };
    const onOutput = (output: unknown): void => {
      if (ctx.pacer?.spent() === true) park(ctx.pacer, () => proceed(output));
      else proceed(output);
    };
    const proceed = (output: unknown): void => {
      try {
        let value = output;
        for (index++; index < path.length; index++) {
          const step = path[index] as Step;
          const out: unknown = ctx.watched ? startWatched(step, value, ctx, tags[index]) : step.start(value, ctx);
          if (isThenable(out)) {
            input = value;
            Promise.resolve(out).then(onSettled, reject);
            return;
          }
          value = out;
        }
        resolve(value);
      } catch (error) {
        reject(error);
      }
    };
    Promise.resolve(first).then(onSettled, reject);
  });
}

/** Goes on in a later turn of the loop, in the async context of now. */
function park(pacer: Pacer, callback: () => void): void {
  const inContext = captureContext();
  pacer.park(() => inContext(callback));
}

function sequenceOf(steps: readonly RunnableInterface[], name?: string, omitSequenceTags = false): RunnableSequence {
  return new RunnableSequence({
    first: steps[0] as RunnableInterface,
    ...(steps.length > 2 && { middle: steps.slice(1, -1) }),
    last: steps.at(-1) as RunnableInterface,
    name,
    omitSequenceTags,
  });
}

defineKind("sequence", {
  type: RunnableSequence,
  build: (node: { steps: RunnableInterface[]; name?: string; omitSequenceTags?: boolean }) =>
    sequenceOf(node.steps, node.name, node.omitSequenceTags),
  fields: { name: "data", steps: "steps", omitSequenceTags: "data" },
  saved: {
    fields: ({ steps, name, omitSequenceTags, pair }) => ({
      first: steps[0],
      ...(!pair && { middle: steps.slice(1, -1) }),
      last: steps.at(-1),
      ...(name !== undefined && { name }),
      ...(omitSequenceTags && { omitSequenceTags }),
    }),
  },
  draw(_runnable, { steps }: { steps: readonly Drawable[] }, config) {
    const graph = new Graph();
    let last: Ends[1] | undefined;
    steps.forEach((step, index) => {
      const ends = embed(graph, step, config, { first: index === 0, last: index === steps.length - 1 });
      if (last !== undefined) graph.addEdge(last, ends[0]);
      last = ends[1];
    });
    return graph;
  },
});
