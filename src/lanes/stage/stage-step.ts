import type { StepMeter } from "../../observe/step-meter.ts";

/** The part of a call that a function gets besides its input. */
export interface StepCall {
  /** Aborts when the call is cancelled or its time is up; only calls that can be cancelled have one. */
  readonly signal: AbortSignal | undefined;
  /** The config as it arrived: plain data. */
  readonly config: unknown;
  /** Measures the steps of the stage, where somebody wants to know. */
  readonly meter?: StepMeter | undefined;
}

/** A stage, ready to run its inputs. */
export interface StageRunner {
  /**
   * Runs one input. Returns the output itself when no step had to wait, a promise otherwise.
   *
   * @param call The config as it arrived, and the signal that aborts when the call is cancelled.
   */
  run(input: unknown, call: StepCall): unknown;
  /** The chunks of the output, as they are produced. */
  stream(input: unknown, call: StepCall): AsyncIterable<unknown>;
  /** Loads all that the stage uses. */
  warm?(): Promise<void>;
}

/** A stage in this thread. */
export interface StageStep extends StageRunner {
  /** Makes a meter for {@link StepCall.meter}. */
  meter(): StepMeter;
  /** The names of the resources that the stage uses. */
  readonly resources?: readonly string[];
  /** Loads the resources that every input needs. Undefined where they are loaded already. */
  prepare?(): Promise<unknown> | undefined;
}

/** Makes a stage out of the plain data that describes it. */
export type Revive = (shipped: unknown) => Promise<StageStep>;
