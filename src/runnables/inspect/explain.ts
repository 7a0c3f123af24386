import type { RunnableConfig } from "../../core/config.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { withObserver } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import type { StageStatistics } from "../../lanes/lane.ts";
import { StepStatistics } from "../../observe/statistics.ts";
import { firstGuess } from "../../plan/first-guess.ts";
import { Plan, type PlanStage, type StageFigures } from "../../plan/plan.ts";
import { resourceHints } from "../../resources/changes.ts";
import { toStep } from "../coerce.ts";
import type { RunnableInterface } from "../types.ts";
import { type Described, INLINE, StepListing } from "./step-listing.ts";

/** The options with which `explain` runs inputs and measures the steps. */
export interface AnalyzeOptions<RunInput = unknown> {
  /** Says that the inputs are run and the steps measured. */
  readonly analyze: true;
  /** The inputs to run. */
  readonly inputs: readonly RunInput[];
  /** The config to run them with. */
  readonly config?: Partial<RunnableConfig> | undefined;
}

/** The plan of a runnable: how it runs a batch. */
export function explain(runnable: object): Plan {
  return planOf(toStep(runnable as RunnableInterface));
}

/** Runs inputs, and gives the plan with each step's figures. Inputs that fail are counted. */
export async function analyze(runnable: RunnableInterface, { inputs, config }: AnalyzeOptions): Promise<Plan> {
  if (!Array.isArray(inputs)) {
    const expected = "an array of inputs to run";
    throw runlaneError("RUNLANE_INVALID_OPTION", {
      where: "explain",
      option: "inputs",
      expected,
      received: describe(inputs),
    });
  }
  const analysis = new Analysis(runnable);
  const started = performance.now();
  await runnable.batch(inputs, withObserver({ ...config }, analysis.statistics), { returnExceptions: true });
  return analysis.plan(performance.now() - started);
}

/** Measures a run that somebody else starts, with {@link statistics} as its observer. Make it before the run. */
export class Analysis {
  private readonly step: Step;
  /** The statistics of each step's lane before the run. */
  private readonly before: ReadonlyMap<Step, StageStatistics | undefined>;

  constructor(
    runnable: object,
    readonly statistics: StepStatistics = new StepStatistics(),
  ) {
    this.step = toStep(runnable as RunnableInterface);
    this.before = new Map(stagesOf(this.step).map((stage) => [stage as Step, stage.placement?.figures?.()]));
  }

  /** The plan, with what was measured. @param wallMs How long the run took. */
  plan(wallMs: number): Plan {
    const { statistics, before } = this;
    return planOf(this.step, { statistics, before, wallMs });
  }
}

interface Measured {
  readonly statistics: StepStatistics;
  readonly before: ReadonlyMap<Step, StageStatistics | undefined>;
  readonly wallMs: number;
}

function planOf(root: Step, measured?: Measured): Plan {
  const totalMs = measured?.statistics.rows().reduce((sum, row) => sum + row.totalMs, 0) ?? 0;
  const listing = new StepListing(measured?.statistics, totalMs);
  const planned = stagesOf(root).map((stage) => plannedStage(stage, listing, measured));
  // Resources on this event loop have no lane that would tell.
  const warnings = new Set([...listing.hints, ...(measured === undefined ? [] : resourceHints())]);
  return new Plan(root.label, planned, [...warnings], measured?.wallMs, measured && guessOf(planned, measured));
}

function guessOf(stages: readonly PlanStage[], { statistics, wallMs }: Measured): string | undefined {
  return firstGuess({ stages, holders: statistics.holders().map(([, holder]) => holder), wallMs });
}

function stagesOf(step: Step): readonly Described[] {
  return (step.stages ?? [step]) as readonly Described[];
}

function plannedStage(stage: Described, listing: StepListing, measured: Measured | undefined): PlanStage {
  const { lane, isInline: isHere, fused, figures } = stage.placement ?? INLINE;
  const now = figures?.();
  return {
    lane,
    steps: listing.list(stage),
    fused: fused === true,
    chunk: isHere ? undefined : (now?.chunk ?? 1),
    figures: measured && now && difference(now, measured.before.get(stage)),
    ...(now?.remarks !== undefined && { remarks: now.remarks }),
  };
}

function difference(now: StageStatistics, before: StageStatistics | undefined): StageFigures {
  const since = (key: "inputs" | "queueMs" | "runMs" | "cpuMs" | "bytes"): number => now[key] - (before?.[key] ?? 0);
  const inputs = since("inputs");
  return {
    inputs,
    queueMs: inputs === 0 ? 0 : since("queueMs") / inputs,
    runMs: since("runMs"),
    cpuMs: since("cpuMs"),
    bytes: since("bytes"),
  };
}
