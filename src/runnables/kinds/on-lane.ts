import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { setOwn } from "../../core/own.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import { JOINS, type Step, type Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { joinedBy } from "../../core/streams/joins.ts";
import type { Lane, LaneStage } from "../../lanes/lane.ts";
import { type LaneName, laneOf } from "../../lanes/named-lanes.ts";
import type { Placement } from "../../plan/placement.ts";
import { type ShippedTree, shipTree } from "../../shipping/tree/ship-tree.ts";
import { isRunnable, toStep } from "../coerce.ts";
import { AutoStep } from "../lane/auto-step.ts";
import { LaneCalls } from "../lane/lane-calls.ts";
import { isShipped, stageOf } from "../lane/stage-of.ts";
import { defineKind, fromNode, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { RunnableWrapper } from "../wrapper.ts";

/** The name of a lane, or a pool of one's own. */
export type LaneChoice = LaneName | Lane;

/**
 * Runs a runnable, with all that is in it, on a lane: in a worker thread or a child process. This is what `withLane` makes.
 *
 * The runnable is checked when its lane is chosen: functions that use variables of the scopes around them are refused then.
 * Inputs and outputs travel as structured clones. The inside sees `signal`, `configurable`, `tags`, `metadata` and the call options of
 * the config, and no callbacks: observers see one run.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const primes = RunnableLambda.from((limit: number) => {
 *   let count = 0;
 *   for (let n = 2; n < limit; n++) {
 *     let prime = true;
 *     for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
 *     if (prime) count++;
 *   }
 *   return count;
 * }).withLane("thread");
 * await primes.batch([10_000, 20_000, 30_000]); // the event loop goes on meanwhile
 * ```
 */
export class RunnableOnLane<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly lane: LaneChoice;
  /** @internal The lane, and the stage that runs there; null on the event loop. */
  readonly offloaded: { readonly lane: Lane; readonly stage: LaneStage } | null;
  private readonly calls = new LaneCalls(this);
  /** The step that measures and decides, on the lane `"auto"`; undefined on others. */
  private readonly auto: AutoStep | undefined;
  private readonly isFused: boolean;
  /** Whether the bound runnable is a binding, whose tags, metadata and names handlers are to hear of. */
  private readonly isAroundBinding: boolean;
  private insideBindingMade: Step | undefined;
  readonly parts: readonly Step[] | undefined;

  /** @throws RUNLANE_UNKNOWN_LANE, RUNLANE_NOT_SHIPPABLE, RUNLANE_CAPTURED_VARIABLE, RUNLANE_NOT_SERIALIZABLE */
  constructor(fields: {
    bound: RunnableLike<RunInput, RunOutput, CallOptions>;
    lane: LaneChoice;
    /** @internal The tree to be sent, when several steps with lanes were made one. */
    fused?: ShippedTree;
    /** @internal The steps that were made one. */
    parts?: readonly Step[];
  }) {
    super(fields.bound, "The bound of a RunnableOnLane");
    this.isFused = fields.fused !== undefined;
    this.parts = fields.parts;
    this.bound = this.wrapped;
    this.lane = fields.lane;
    this.isAroundBinding = (this.bound as { node?: RunnableNode }).node?.kind === "binding";
    const lane = laneOf(fields.lane);
    if (lane === null) {
      this.offloaded = null;
      if (fields.lane === "auto") this.auto = new AutoStep(this.step, this);
      return;
    }
    const where = `withLane(${JSON.stringify(lane.name)})`;
    const ship = () =>
      fields.fused ??
      lane.ship?.(this.bound, where) ??
      shipTree(this.bound, { where, shared: lane.name !== "process" });
    this.offloaded = { lane, stage: stageOf(this.step.label, ship) };
  }

  static override lc_name(): string {
    return "RunnableOnLane";
  }

  override get node(): RunnableNode {
    return { kind: "onLane", bound: this.bound, lane: this.lane };
  }

  /** None on the loop, where the inside reports its own runs; elsewhere one run, reported as that of the inside would be. */
  override get trace(): Trace | undefined {
    return this.offloaded === null || this.isAroundBinding ? undefined : traceOf(this.step);
  }

  /** The binding around the lane, instead of the lane around the binding. */
  private get insideBinding(): Step {
    if (this.insideBindingMade === undefined) {
      const { node } = this.bound as Runnable;
      const bound = new RunnableOnLane({ bound: node.bound as RunnableInterface, lane: this.lane });
      this.insideBindingMade = toStep(fromNode({ ...node, bound }));
    }
    return this.insideBindingMade;
  }

  /** Handlers hear of single runs; whoever counts is told by the workers. */
  private isToldOf({ observer }: RunContext): boolean {
    return this.isAroundBinding && observer !== null && observer.stage === undefined;
  }

  /** On the loop this is as many steps as the inside. */
  get path(): readonly Step[] | undefined {
    return this.offloaded === null ? this.step.path : undefined;
  }

  /** A batch feeds its inputs to the lane. What waits for lanes inside is async, so that `auto` leaves it as it is. */
  override get stages(): readonly Step[] | undefined {
    if (this.auto !== undefined) return this.step.stages;
    return this.offloaded?.lane.feed === undefined ? undefined : [this];
  }

  openFeed(feed: InputSource, ctx: RunContext): FeedHandle | undefined {
    const { offloaded } = this;
    return offloaded?.lane.feed?.(offloaded.stage, feed, this.calls.of(ctx));
  }

  get placement(): Placement {
    const { offloaded, auto, isFused } = this;
    if (auto !== undefined) return auto.placement;
    if (offloaded === null) return { lane: "loop", isInline: true, why: 'withLane("loop")' };
    const { lane, stage } = offloaded;
    const given = lane.ship === undefined ? "a pool of its own" : lane.name;
    const why = `withLane(${typeof this.lane === "string" ? `"${lane.name}"` : given})`;
    return { lane: lane.name, isInline: false, why, fused: isFused, figures: () => lane.statisticsOf?.(stage) };
  }

  get currentLane(): Lane | undefined {
    return this.offloaded?.lane ?? this.auto?.lane;
  }

  /** Whether the lane is told trees, which can be put together, and this one is there. */
  private get isFusible(): boolean {
    const { offloaded } = this;
    return offloaded !== null && offloaded.lane.ship === undefined && isShipped(offloaded.stage);
  }

  private isFusibleWith(other: RunnableOnLane): boolean {
    return this.isFusible && other.isFusible && other.offloaded!.lane === this.offloaded!.lane;
  }

  /** Two steps on one lane are one hop. */
  fuse(next: Step): RunnableOnLane | undefined {
    if (!(next instanceof RunnableOnLane) || !this.isFusibleWith(next)) return undefined;
    const both = [this, next].flatMap(({ bound, offloaded }) =>
      partsOf(bound as Runnable, offloaded!.stage.shipped as ShippedTree),
    );
    const bound = fromNode({ kind: "sequence", steps: both.map(({ runnable }) => runnable) });
    const fused = { kind: "sequence", steps: both.map(({ tree }) => tree) };
    return new RunnableOnLane({ bound, lane: this.lane, fused, parts: [this, next] });
  }

  /** Branches on one lane are one hop in a batch, which has other inputs for other workers. */
  fuseBranches(branches: Readonly<Record<string, Step>>): RunnableOnLane | undefined {
    const bound: Record<string, RunnableInterface> = {};
    const steps: Record<string, unknown> = {};
    for (const [key, branch] of Object.entries(branches)) {
      if (!(branch instanceof RunnableOnLane) || !this.isFusibleWith(branch)) return undefined;
      setOwn(bound, key, branch.bound);
      setOwn(steps, key, branch.offloaded!.stage.shipped);
    }
    const fused = { kind: "parallel", steps };
    const parts = Object.values(branches);
    return new RunnableOnLane({ bound: fromNode({ kind: "parallel", steps: bound }), lane: this.lane, fused, parts });
  }

  override get laneName(): string | undefined {
    return this.currentLane?.name ?? this.step.laneName;
  }

  /** The time of a call made on this runnable counts from when a worker starts on its input. */
  override get timeoutOwner(): Step | undefined {
    return this.offloaded === null ? this.step.timeoutOwner : this;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { offloaded, auto } = this;
    if (offloaded !== null && this.isToldOf(ctx)) return this.insideBinding.run(input, ctx) as PromiseLike<RunOutput>;
    if (auto !== undefined)
      return auto.run(input, ctx, () => startCall(this.step, input, ctx)) as RunOutput | PromiseLike<RunOutput>;
    if (offloaded === null) return startCall<RunOutput>(this.step, input, ctx.pin());
    return offloaded.lane.run(offloaded.stage, input, this.calls.of(ctx)) as Promise<RunOutput>;
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    if (this.offloaded !== null && this.isToldOf(ctx)) return this.insideBinding.runStream(chunks, ctx);
    return this.streamGathered(chunks, ctx);
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    const { offloaded, outputJoin } = this;
    if (offloaded === null) return streamCall<RunOutput>(this.step, new SingleChunk(input), ctx.pin());
    const chunks = offloaded.lane.stream(offloaded.stage, input, this.calls.of(ctx)) as AsyncGenerator<RunOutput, void>;
    return outputJoin === undefined ? chunks : joinedBy(chunks, outputJoin);
  }
}

/** How the run of a step is reported: for wrappers, which have no run of their own, as that of the step inside. */
function traceOf(step: Step): Trace {
  const { trace } = step;
  if (trace !== undefined) return { ...trace, whole: true };
  const bound = (step as { node?: RunnableNode }).node?.bound;
  return isRunnable(bound) ? traceOf(toStep(bound)) : JOINS;
}

/** The steps of a sequence, or the one step that is none, each with the tree that is sent of it. */
function partsOf(runnable: Runnable, tree: ShippedTree): { runnable: Runnable; tree: unknown }[] {
  const { node } = runnable;
  if (node.kind !== "sequence" || tree.kind !== "sequence" || node.name !== undefined) return [{ runnable, tree }];
  return (node.steps as Runnable[]).map((step, index) => ({ runnable: step, tree: (tree.steps as unknown[])[index] }));
}

defineKind("onLane", {
  type: RunnableOnLane,
  fields: { bound: "step", lane: "local" },
  entersLane: true,
  saved: "its lane may be a pool of this program",
});
