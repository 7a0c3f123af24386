import { planText } from "./plan-text.ts";

/** What one step did while a plan was measured. Times are in milliseconds. */
export interface StepFigures {
  readonly inputs: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly totalMs: number;
  /** The step's part of the time of all steps, from 0 to 1. */
  readonly share: number;
}

/** What one stage did while a plan was measured. */
export interface StageFigures {
  readonly inputs: number;
  /** How long inputs waited for a worker, on average, in milliseconds. */
  readonly queueMs: number;
  /** How long workers were busy, all together, in milliseconds. */
  readonly runMs: number;
  /** The CPU time of that; 0 where Node cannot tell. */
  readonly cpuMs: number;
  /** Bytes moved there and back, estimated. */
  readonly bytes: number;
}

/** A step in a plan. */
export interface PlanStep {
  readonly name: string;
  /** How many steps it stands inside of, in its stage. */
  readonly depth: number;
  /** Where it runs. */
  readonly lane: string;
  /** Why it runs there, and what keeps it from elsewhere. */
  readonly why: string;
  /** The names of the resources that it uses. */
  readonly resources: readonly string[];
  readonly figures?: StepFigures | undefined;
}

/** Steps that run together: what is between two of them costs no more than a call. */
export interface PlanStage {
  readonly lane: string;
  readonly steps: readonly PlanStep[];
  /** Whether steps with lanes of their own are one hop here. */
  readonly fused: boolean;
  /** How many inputs travel together now: 1 until costs are known. Undefined on the event loop, where nothing travels. */
  readonly chunk?: number | undefined;
  readonly figures?: StageFigures | undefined;
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
    /** What is probably not meant as it is: classes that are not registered, steps that load the same thing again and again. */
    readonly warnings: readonly string[],
    /** How long the measured run took, in milliseconds; undefined unless measured. */
    readonly wallMs?: number,
  ) {}

  /** The plan as a table. */
  toString(): string {
    return planText(this);
  }

  /** What Node prints for it. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
