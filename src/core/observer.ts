import type { RunnableConfig } from "./config.ts";
import type { Step } from "./step.ts";

/** Somebody who is told when steps start and end. Where there is none, not one timestamp is taken. */
export interface Observer {
  /** A step starts on `input`. */
  start(step: Step, input: unknown): ObservedRun;
  /** The observer of one input of a batch. */
  forInput(index: number): Observer;
}

/** One run of one step under observation: exactly one of `end` and `fail` is called, once. */
export interface ObservedRun {
  /** Observes the steps inside this one. */
  readonly observer: Observer;
  end(output: unknown): void;
  fail(error: unknown): void;
}

/** @internal The key under which a config carries an observer. */
export const OBSERVER = Symbol.for("runlane.observer");

/** Adds an observer to a config. */
export function withObserver<Config extends Partial<RunnableConfig>>(config: Config, observer: Observer): Config {
  return { ...config, [OBSERVER]: observer };
}
