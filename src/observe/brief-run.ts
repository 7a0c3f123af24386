import type { Run } from "./run-recorder.ts";

/**
 * A run as recorders keep it that only pass on reports: without times, events and inner runs. All its fields are there from the start, and
 * those that are the same for all such runs are on the prototype.
 */
export class BriefRun implements Run {
  declare readonly start_time: number;
  declare readonly execution_order: number;
  declare child_execution_order: number;
  declare readonly child_runs: Run[];
  declare readonly events: Run["events"];
  outputs?: Record<string, unknown> = undefined as never;
  error?: string = undefined as never;
  /** What the recorder keeps of the run. */
  shown: unknown = undefined;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly run_type: string,
    readonly parent_run_id: string | undefined,
    public inputs: Record<string, unknown>,
    readonly tags: string[],
    readonly metadata: Record<string, unknown> | undefined,
    readonly serialized: unknown,
  ) {}

  get extra(): Record<string, unknown> {
    return { metadata: this.metadata };
  }
}

Object.assign(BriefRun.prototype, {
  start_time: 0,
  execution_order: 0,
  child_execution_order: 0,
  child_runs: [],
  events: [],
});
