import { hanging, planText } from "./plan-text.ts";

/** The figures of one step in a plan that was measured. Times are in milliseconds. */
export interface StepFigures {
  /** The number of inputs that the step started. */
  readonly inputs: number;
  /** The number of inputs that failed in the step. */
  readonly failed: number;
  /** The median time of an input. */
  readonly p50Ms: number;
  /** The 99th percentile of the time of an input. */
  readonly p99Ms: number;
  /** The sum of the times of all inputs. */
  readonly totalMs: number;
  /** The step's part of the time of all steps, from 0 to 1. */
  readonly share: number;
}

/** The figures of one stage in a plan that was measured. */
export interface StageFigures {
  /** The number of inputs that the stage settled. */
  readonly inputs: number;
  /** The mean time that inputs waited for a worker, in milliseconds. */
  readonly queueMs: number;
  /** The time that workers were busy, all together, in milliseconds. */
  readonly runMs: number;
  /** The CPU time of the workers, in milliseconds; 0 where Node cannot tell. */
  readonly cpuMs: number;
  /** Bytes moved there and back, estimated. */
  readonly bytes: number;
}

/** A step in a plan. */
export interface PlanStep {
  /** The name of the step. */
  readonly name: string;
  /** The number of steps around this one in its stage. */
  readonly depth: number;
  /** The name of the lane that the step runs on. */
  readonly lane: string;
  /** The reason why the step runs there, and why it cannot run elsewhere. */
  readonly why: string;
  /** The names of the resources that it uses. */
  readonly resources: readonly string[];
  /** The step's figures; undefined unless the plan was measured. */
  readonly figures?: StepFigures | undefined;
}

/** Steps that run together: from one to the next costs no more than a call. */
export interface PlanStage {
  /** The name of the lane that the stage runs on. */
  readonly lane: string;
  /** The steps of the stage, in order. */
  readonly steps: readonly PlanStep[];
  /** Whether steps with lanes of their own are one hop here. */
  readonly fused: boolean;
  /** The number of inputs that travel together now: 1 until costs are known. Undefined on the event loop, where nothing travels. */
  readonly chunk?: number | undefined;
  /** The stage's figures; undefined unless the plan was measured, and on the event loop. */
  readonly figures?: StageFigures | undefined;
  /** Sentences on where the stage runs: on a cluster, its workers by machine, and what ran twice. */
  readonly remarks?: readonly string[] | undefined;
}

/**
 * How a runnable runs a batch: its steps, in stages, each with its lane and the reason for it. Printed, or as a string, it is a table.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const factor = 3;
 * const chain = RunnableLambda.from((x: number) => x * factor).pipe(async (x: number) => x + 1);
 * console.log(String(chain.explain()));
 * console.log(chain.explain().stages[0]?.steps[0]?.why); // names `factor`, and its line
 * ```
 */
export class Plan {
  constructor(
    /** The runnable's name. */
    readonly name: string,
    readonly stages: readonly PlanStage[],
    /** Hints at probable mistakes: classes that are not registered, steps that load the same thing again and again. */
    readonly warnings: readonly string[],
    /** The time of the measured run, in milliseconds; undefined unless measured. */
    readonly wallMs?: number,
    /** The change that could make it faster, by the figures of the measured run: a guess that nobody has tried. `diagnose` of runlane/doctor proves. */
    readonly guess?: string,
  ) {}

  /** The plan as a table. */
  toString(): string {
    const { guess } = this;
    const said =
      guess === undefined ? [] : hanging(`first guess, not proved: ${guess}; diagnose() of runlane/doctor proves`);
    return [planText(this), ...said].join("\n");
  }

  /** The text that `console.log` prints: the table. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
