import type { Step } from "../core/step.ts";
import { StepStatistics } from "./statistics.ts";

/**
 * The statistics of a run, which know by the error which step it came from. So all inputs can share one observer; one for each
 * input would cost more than a short step.
 */
export class RunStatistics extends StepStatistics {
  private readonly stepNames = new WeakMap<object, string>();
  /** The last error that was no object, and the name of its step. */
  private lastPrimitive: { readonly error: unknown; readonly name: string } | undefined;

  /** The name of the step that an input has failed in, if any step has said so. */
  failedStep(index: number, error: unknown): string | undefined {
    const told = this.takeFailedStep(index);
    if (told !== undefined) return told;
    if (isObject(error)) return this.stepNames.get(error);
    return this.lastPrimitive !== undefined && Object.is(this.lastPrimitive.error, error)
      ? this.lastPrimitive.name
      : undefined;
  }

  /** Remembers that an error came from a step. */
  blameFor(error: unknown, step: Step): void {
    this.failedIn(step, error);
  }

  /** The innermost step says first that it has failed. */
  protected override failedIn(step: Step, error: unknown): void {
    if (!isObject(error))
      this.lastPrimitive = { error, name: step.path === undefined ? step.label : this.nameFor(error, step) };
    else if (!this.stepNames.has(error)) this.stepNames.set(error, step.label);
  }

  /** A sequence fails with what a step of it has failed with. */
  private nameFor(error: unknown, step: Step): string {
    return this.lastPrimitive !== undefined && Object.is(this.lastPrimitive.error, error)
      ? this.lastPrimitive.name
      : step.label;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
