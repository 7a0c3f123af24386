import type { StepMeter } from "../../observe/step-meter.ts";

/** What a function gets besides its input. */
export interface StepCall {
  /** Aborts when the call is cancelled or its time is up; only calls that can be cancelled have one. */
  readonly signal: AbortSignal | undefined;
  readonly config: unknown;
  /** Measures the steps of the stage, where somebody wants to know. */
  readonly meter?: StepMeter | undefined;
}

/** A stage, ready to run in this thread. */
export interface StageStep {
  run(input: unknown, call: StepCall): unknown;
  stream(input: unknown, call: StepCall): AsyncIterable<unknown>;
  /** Makes what {@link StepCall.meter} is. */
  meter(): StepMeter;
  /** The names of the resources that the stage uses. */
  readonly resources?: readonly string[];
  /** Loads all that the stage uses. */
  warm?(): Promise<void>;
  /** Loads what every input needs. Undefined where that is there already. */
  prepare?(): Promise<unknown> | undefined;
}

/** Makes a stage out of the plain data that describes it. */
export type Revive = (shipped: unknown) => Promise<StageStep>;
