/**
 * The result of one input: its output, or the error. The shape is that of `Promise.allSettled`.
 *
 * @example
 * ```ts
 * import { RunnableLambda, type Outcome } from "runlane";
 *
 * const halve = RunnableLambda.from((x: number) => x / 2);
 * for await (const [index, outcome] of halve.batchAsCompleted([2, 4])) {
 *   const shown: Outcome<number> = outcome;
 *   console.log(index, shown.status === "fulfilled" ? shown.value : shown.reason);
 * }
 * ```
 */
export type Outcome<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | { readonly status: "rejected"; readonly reason: unknown };

export const fulfilled = <T>(value: T): Outcome<T> => ({ status: "fulfilled", value });
export const rejected = <T>(reason: unknown): Outcome<T> => ({ status: "rejected", reason });
