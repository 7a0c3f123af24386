/** A function of a pipeline: its place in the source is known to the engine. */
// biome-ignore lint/suspicious/noExplicitAny: any function
export type StepFunction = (...args: any[]) => unknown;

/** What a fix changes in the source of a pipeline. `func` is the function of the step that is changed. */
export type Change =
  /** The step runs in threads; the function takes the variables `uses` from its config and no longer from around it. */
  | { readonly kind: "thread"; readonly func: StepFunction; readonly uses: readonly string[] }
  /** Blocking calls are awaited, in their asynchronous forms: `fs.readFileSync` and the like. */
  | { readonly kind: "await"; readonly func: StepFunction; readonly calls: readonly string[] }
  /** A method is called on the step: `.withCache()`. */
  | { readonly kind: "method"; readonly func: StepFunction; readonly code: string }
  /** The retry around the step looks at the error. */
  | { readonly kind: "retryIf"; readonly func: StepFunction; readonly condition: string }
  /** A function of one input that wraps it in a list becomes one of a list. */
  | { readonly kind: "batched"; readonly func: StepFunction }
  | { readonly kind: "batchSize"; readonly func: StepFunction; readonly size: number }
  /** The step loses its lane. */
  | { readonly kind: "noLane"; readonly func: StepFunction }
  /** Assigns that follow each other become one: the functions are one of each. */
  | { readonly kind: "oneAssign"; readonly funcs: readonly StepFunction[] }
  /** The module of the pipeline loads the resources that it uses. */
  | { readonly kind: "warm" };

/** Why a change cannot be made for the user. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
