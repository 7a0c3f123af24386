import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startCall, streamStep } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import { type Chunks, closeQuietly, SingleChunk, tee } from "../../core/streams/chunks.ts";
import { type Join, joinedBy, joinOf, joinOfBoth } from "../../core/streams/joins.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import { graphOfPart } from "../../graph/parts.ts";
import type { GraphRunnable, Node } from "../../graph/types.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableMapLike } from "../types.ts";
import { RunnableParallel } from "./parallel.ts";

/**
 * Adds keys to an object: each is made by its own step from the whole object. When streaming, the object's own keys come first.
 *
 * @example
 * ```ts
 * import { RunnablePassthrough } from "runlane";
 *
 * const sized = RunnablePassthrough.assign({ size: (input: { text: string }) => input.text.length });
 * await sized.invoke({ text: "abc" }); // { text: "abc", size: 3 }
 * ```
 */
export class RunnableAssign<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput extends Record<string, any> = Record<string, any>,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput extends Record<string, any> = Record<string, any>,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  /** Makes the new keys. */
  readonly mapper: RunnableParallel<RunInput>;

  constructor(fields: RunnableParallel<RunInput> | { mapper: RunnableParallel<RunInput> }) {
    super();
    this.mapper = fields instanceof RunnableParallel ? fields : fields.mapper;
    if (!(this.mapper instanceof RunnableParallel)) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableAssign",
        expected: "a RunnableParallel as mapper",
        received: describe(this.mapper),
      });
    }
  }

  static override lc_name(): string {
    return "RunnableAssign";
  }

  /** The steps that make the new keys. */
  get path(): readonly Step[] {
    return this.mapper.path;
  }

  override get node(): RunnableNode {
    return { kind: "assign", name: this.name, mapper: this.mapper };
  }

  override get trace(): Trace {
    return ADDS;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    this.checkInput(input);
    const added = startCall<Record<string, unknown>>(this.mapper, input, ctx);
    if (!isThenable(added)) return { ...input, ...added } as unknown as RunOutput;
    return (added as PromiseLike<Record<string, unknown>>).then(
      (keys) => ({ ...input, ...keys }) as unknown as RunOutput,
    );
  }

  protected override get innerJoin(): Join {
    return joinOfBoth(
      this.isMade,
      () => this.mapper.outputJoin,
      () => undefined,
    );
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    let added: Chunks<RunOutput> | undefined;
    const open = (forMapper: Chunks<RunInput>): Chunks<RunOutput> => {
      added = streamStep<RunOutput>(this.mapper as Step, forMapper, ctx);
      return added;
    };
    const join = joinOfBoth(
      this.isMade,
      () => added && joinOf(added),
      () => joinOf(chunks),
    );
    return joinedBy(this.streamBoth(chunks, open), join);
  }

  /** The keys of the input, then the new ones, which are made meanwhile. */
  private async *streamBoth(
    chunks: Chunks<RunInput>,
    open: (forMapper: Chunks<RunInput>) => Chunks<RunOutput>,
  ): AsyncGenerator<RunOutput, void> {
    const [own, forMapper] = tee(chunks, 2) as [Chunks<RunInput>, Chunks<RunInput>];
    if (chunks instanceof SingleChunk) this.checkInput(chunks.value);
    const added = open(forMapper)[Symbol.asyncIterator]();
    const first = added.next();
    ignoreRejection(first);
    let isAdded = false;
    try {
      for await (const chunk of own) {
        this.checkInput(chunk);
        const kept = Object.entries(chunk).filter(([key]) => !this.isMade(key));
        if (kept.length > 0) yield Object.fromEntries(kept) as RunOutput;
      }
      for (let result = await first; result.done !== true; result = await added.next()) yield result.value;
      isAdded = true;
    } finally {
      if (!isAdded) closeQuietly(added);
    }
  }

  private readonly isMade = (key: string): boolean => Object.hasOwn(this.mapper.steps, key);

  private checkInput(input: unknown): void {
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return;
    throw runlaneError("RUNLANE_INVALID_INPUT", {
      where: this.getName(),
      expected: "an object",
      received: describe(input),
    });
  }
}

/** LangChain reports the runs of an assign only when it streams; on a whole input observers see the run of its mapper. */
const ADDS: Trace = { whole: false, wrapsInput: false, stream: "deferred" };

/** The box in drawings that stands for the keys which the input has already, beside the steps that make the new ones. */
const PASSED_ON: GraphRunnable & { lc_runnable: true } = {
  lc_runnable: true,
  lc_id: ["langchain_core", "runnables", "RunnablePassthrough"],
  getName: () => "RunnablePassthrough",
};

defineKind("assign", {
  type: RunnableAssign,
  build({ mapper }: { mapper: RunnableParallel | RunnableMapLike<unknown, Record<string, unknown>> }) {
    return new RunnableAssign(mapper instanceof RunnableParallel ? mapper : new RunnableParallel({ steps: mapper }));
  },
  fields: { name: "data", mapper: "step" },
  fansOut: true,
  saved: { fields: ({ mapper }) => ({ mapper }) },
  draw(_runnable, { mapper }: { mapper: RunnableParallel }, config) {
    const graph = graphOfPart(mapper, config);
    const [input, output] = [graph.firstNode(), graph.lastNode()] as [Node, Node];
    const passedOn = graph.addNode(PASSED_ON);
    graph.addEdge(input, passedOn);
    graph.addEdge(passedOn, output);
    return graph;
  },
});
